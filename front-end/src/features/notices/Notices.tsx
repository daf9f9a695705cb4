import { useEffect, useState } from 'react'

import { useAppDispatch, useAppSelector } from '../../app/store'
import { texts } from '../../texts'
import { restore } from '../upload/uploader'
import { closed, type Notice } from './notices'

const SHOWN = 8_000

/** What happened, for eyes and screen readers; it goes by itself unless somebody is at it. */
export function Notices() {
  const all = useAppSelector((state) => state.notices)
  return (
    <div className="notices" role="region" aria-label={texts.notices}>
      <ul aria-live="polite">
        {all.map((notice) => (
          <One key={notice.key} notice={notice} />
        ))}
      </ul>
    </div>
  )
}

function One({ notice }: { notice: Notice }) {
  const dispatch = useAppDispatch()
  const [held, hold] = useState(false)
  const { key, undo } = notice
  useEffect(() => {
    if (held) return
    const timer = setTimeout(() => dispatch(closed(key)), SHOWN)
    return () => clearTimeout(timer)
  }, [dispatch, held, key])
  return (
    <li
      className={`notice ${notice.kind}`}
      onPointerEnter={() => hold(true)}
      onPointerLeave={() => hold(false)}
      onFocus={() => hold(true)}
      onBlur={() => hold(false)}
    >
      <span>{notice.text}</span>
      {undo && (
        <button
          type="button"
          onClick={() => {
            dispatch(closed(key))
            void dispatch(restore(undo.ids))
          }}
        >
          {texts.undo}
        </button>
      )}
      <button type="button" className="quiet" aria-label={texts.close} onClick={() => dispatch(closed(key))}>
        ×
      </button>
    </li>
  )
}
