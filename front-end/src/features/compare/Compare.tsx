import { useEffect, useRef, useState } from 'react'

import { pictureThumbnail, resultDownload, resultThumbnail } from '../../api/api'
import type { ItemView } from '../../api/schema'
import { texts } from '../../texts'

const SIZE = 1600

/** A picture before and after, one over the other, with an edge between them that can be moved. */
export function Compare({ job, item, close }: { job: string; item: ItemView; close: () => void }) {
  const dialog = useRef<HTMLDialogElement>(null)
  const [share, setShare] = useState(50)
  useEffect(() => {
    dialog.current?.showModal()
  }, [])
  return (
    <dialog
      ref={dialog}
      className="compare"
      aria-labelledby="compare-title"
      onClose={close}
      onClick={(event) => {
        // The backdrop is the dialog's own.
        if (event.target === dialog.current) dialog.current.close()
      }}
    >
      <div className="inside">
        <header className="row">
          <h2 id="compare-title">{item.name}</h2>
          <a className="button" href={resultDownload(job, item.number)} download>
            {texts.download}
          </a>
          <button type="button" onClick={() => dialog.current?.close()}>
            {texts.close}
          </button>
        </header>
        <div className="pair">
          <img src={resultThumbnail(job, item.number, item.attempt, SIZE)} alt={texts.after(item.name)} />
          <img
            className="before"
            src={pictureThumbnail(item.picture, SIZE)}
            alt={texts.before(item.name)}
            style={{ clipPath: `inset(0 ${100 - share}% 0 0)` }}
          />
          <span className="edge" style={{ left: `${share}%` }} aria-hidden="true" />
          <input
            type="range"
            min={0}
            max={100}
            value={share}
            aria-label={texts.compareSlider}
            aria-valuetext={texts.compareShare(share)}
            onChange={(event) => setShare(event.target.valueAsNumber)}
          />
        </div>
      </div>
    </dialog>
  )
}
