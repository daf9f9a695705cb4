import { useVirtualizer } from '@tanstack/react-virtual'
import { memo, useRef } from 'react'

import { rem } from '../../app/rem'
import { useAppDispatch, useAppSelector } from '../../app/store'
import { texts } from '../../texts'
import { Pick } from './DropZone'
import { useThumbnail } from './thumbnails'
import { cancel, remove, retry } from './uploader'
import { chosen, type Upload } from './uploads'

const SIZE = 320
/** From one picture's left side to the next one's, in rem. */
const STRIDE = 8

/** The pictures that are there, or on their way, in a row. */
export function Tray() {
  const dispatch = useAppDispatch()
  const { all, chosen } = useAppSelector((state) => state.uploads)
  const scroller = useRef<HTMLDivElement>(null)
  const virtual = useVirtualizer({
    count: all.length,
    horizontal: true,
    estimateSize: () => STRIDE * rem(),
    getScrollElement: () => scroller.current,
    overscan: 4,
  })
  const bytes = all.reduce((sum, upload) => sum + (upload.state === 'refused' ? 0 : upload.bytes), 0)
  const sent = all.reduce((sum, upload) => sum + upload.sent, 0)
  const ready = all.filter((upload) => upload.state === 'ready').length
  return (
    <section className="tray" aria-label={texts.pictures}>
      <div className="row">
        <p role="status">{texts.trayStatus(ready, all.length)}</p>
        {sent < bytes && <progress max={bytes} value={sent} aria-label={texts.uploadProgress} />}
        <Pick />
        <button type="button" className="quiet" onClick={() => void dispatch(remove(all.map((upload) => upload.key)))}>
          {texts.removeAll}
        </button>
      </div>
      <div ref={scroller} className="strip">
        <ul style={{ width: virtual.getTotalSize() }}>
          {virtual.getVirtualItems().map(({ index, start }) => {
            const upload = all[index]
            return (
              upload && (
                <li key={upload.key} aria-posinset={index + 1} aria-setsize={all.length} style={{ transform: `translateX(${start}px)` }}>
                  <One upload={upload} isChosen={upload.key === chosen} />
                </li>
              )
            )
          })}
        </ul>
      </div>
    </section>
  )
}

const One = memo(function One({ upload, isChosen }: { upload: Upload; isChosen: boolean }) {
  const dispatch = useAppDispatch()
  const url = useThumbnail(upload, SIZE)
  const { key, name, state, reason, sent, bytes } = upload
  const isOpen = state === 'waiting' || state === 'sending'
  return (
    <div className={`upload ${state}`}>
      <button
        type="button"
        className="thumb"
        aria-pressed={isChosen}
        aria-label={texts.uploadLabel(name, texts.uploadStates[state])}
        disabled={state === 'refused'}
        onClick={() => dispatch(chosen(key))}
      >
        {url ? <img src={url} alt="" decoding="async" /> : <span className={state === 'refused' ? 'broken' : 'skeleton'} />}
      </button>
      <span className="name" title={name}>
        {name}
      </span>
      {state === 'sending' && <progress max={bytes} value={sent} aria-label={texts.uploadOf(name)} />}
      {reason && (
        <p className="reason" title={reason}>
          {reason}
        </p>
      )}
      {(state === 'failed' || state === 'cancelled') && (
        <button type="button" className="small" onClick={() => dispatch(retry(key))} aria-label={texts.retryOne(name)}>
          {texts.retry}
        </button>
      )}
      {isOpen ? (
        <button type="button" className="quiet remove" aria-label={texts.cancelUpload(name)} onClick={() => dispatch(cancel(key))}>
          ×
        </button>
      ) : (
        <button type="button" className="quiet remove" aria-label={texts.removeOne(name)} onClick={() => void dispatch(remove([key]))}>
          ×
        </button>
      )}
    </div>
  )
})
