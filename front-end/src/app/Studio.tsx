import { nanoid } from '@reduxjs/toolkit'
import { useRef, useState } from 'react'

import { told, useCreateJobMutation } from '../api/api'
import { said } from '../features/notices/notices'
import { Controls } from '../features/place/Controls'
import { isSomething, stampOf, toSettings } from '../features/place/placement'
import { Stage } from '../features/place/Stage'
import { StampChooser } from '../features/place/StampChooser'
import { opened } from '../features/progress/jobs'
import { DropZone } from '../features/upload/DropZone'
import { Tray } from '../features/upload/Tray'
import { texts } from '../texts'
import { go, toJob } from './route'
import { useAppDispatch, useAppSelector } from './store'

/** Where a job is put together: pictures, a stamp, a place. */
export function Studio() {
  const uploads = useAppSelector((state) => state.uploads)
  const chosen = uploads.all.find((upload) => upload.key === uploads.chosen)
  return (
    <DropZone isEmpty={uploads.all.length === 0}>
      <div className="studio">
        <h1 className="visually-hidden">{texts.titles.studio}</h1>
        <div className="left">
          {chosen ? <Stage key={chosen.key} upload={chosen} /> : <p className="nothing">{texts.nothingToShow}</p>}
          <Tray />
        </div>
        <aside className="panel" aria-label={texts.panel}>
          <StampChooser />
          <Controls />
          <Start />
        </aside>
      </div>
    </DropZone>
  )
}

function Start() {
  const dispatch = useAppDispatch()
  const all = useAppSelector((state) => state.uploads.all)
  const placement = useAppSelector((state) => state.placement.now)
  const [create, { isLoading }] = useCreateJobMutation()
  // Of the same wish, whose answer may have been lost.
  const [key, renew] = useState(nanoid)
  const wished = useRef('')
  const ready = all.filter((upload) => upload.state === 'ready')
  const open = all.filter(({ state }) => state === 'waiting' || state === 'sending' || state === 'checking')
  const pictures = ready.flatMap((upload) => upload.picture ?? [])
  const isEnough = pictures.length > 0 && open.length === 0 && isSomething(placement)

  async function start() {
    const wish = { pictures, stamp: stampOf(placement), settings: toSettings(placement) }
    const text = JSON.stringify(wish)
    const own = wished.current === '' || wished.current === text ? key : nanoid()
    wished.current = text
    renew(own)
    try {
      const job = await create({ wish, key: own }).unwrap()
      renew(nanoid())
      dispatch(opened(job))
      go(toJob(job.id))
    } catch (error) {
      dispatch(said(told(error), { kind: 'fault' }))
    }
  }

  return (
    <div className="start">
      <button type="button" className="primary" disabled={!isEnough || isLoading} onClick={() => void start()}>
        {isLoading ? texts.starting : texts.start(pictures.length)}
      </button>
      <p role="status">
        {open.length > 0 && texts.stillUploading(open.length)}
        {open.length === 0 && !isSomething(placement) && texts.nothingToPutOn}
      </p>
    </div>
  )
}
