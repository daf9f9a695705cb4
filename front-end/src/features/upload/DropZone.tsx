import { useEffect, useLayoutEffect, useRef, useState, type ReactNode } from 'react'

import { useAppDispatch } from '../../app/store'
import { texts } from '../../texts'
import { ACCEPTED } from './check'
import { droppedFiles } from './dropped'
import { addFiles } from './uploader'

/** The whole page takes files that are dropped or pasted; while there are none, it says how. */
export function DropZone({ isEmpty, children }: { isEmpty: boolean; children: ReactNode }) {
  const dispatch = useAppDispatch()
  const [over, setOver] = useState(false)
  // As soon as it is seen: what is dropped on a page that does not listen replaces it.
  useLayoutEffect(() => {
    // Entering a child comes before leaving its parent.
    let depth = 0
    const hasFiles = (event: DragEvent) => event.dataTransfer?.types.includes('Files') ?? false
    const enter = (event: DragEvent) => {
      if (!hasFiles(event)) return
      depth += 1
      setOver(true)
    }
    const leave = (event: DragEvent) => {
      if (!hasFiles(event)) return
      depth = Math.max(0, depth - 1)
      if (depth === 0) setOver(false)
    }
    const hover = (event: DragEvent) => {
      if (hasFiles(event)) event.preventDefault()
    }
    const drop = (event: DragEvent) => {
      depth = 0
      setOver(false)
      if (!event.dataTransfer || !hasFiles(event)) return
      event.preventDefault()
      void droppedFiles(event.dataTransfer).then((files) => dispatch(addFiles(files)))
    }
    const paste = (event: ClipboardEvent) => {
      const files = event.clipboardData?.files
      if (!files || files.length === 0) return
      event.preventDefault()
      void dispatch(addFiles(files))
    }
    const listeners = { dragenter: enter, dragleave: leave, dragover: hover, drop, paste }
    const each = Object.entries(listeners) as [string, EventListener][]
    for (const [name, listener] of each) window.addEventListener(name, listener)
    return () => {
      for (const [name, listener] of each) window.removeEventListener(name, listener)
    }
  }, [dispatch])
  return (
    <>
      {isEmpty ? <Empty /> : children}
      {over && (
        <div className="drop" aria-hidden="true">
          {texts.dropHere}
        </div>
      )}
    </>
  )
}

function Empty() {
  return (
    <section className="empty teach" aria-labelledby="empty-title">
      <h1 id="empty-title">{texts.emptyTitle}</h1>
      <p>{texts.emptyLine}</p>
      <div className="row">
        <Pick />
      </div>
      <ol>
        {texts.steps.map(({ title, line }) => (
          <li key={title}>
            <h2>{title}</h2>
            <p>{line}</p>
          </li>
        ))}
      </ol>
    </section>
  )
}

/** Buttons that open the system's dialogs, for files and for folders. */
export function Pick() {
  const dispatch = useAppDispatch()
  const files = useRef<HTMLInputElement>(null)
  const folder = useRef<HTMLInputElement>(null)
  useEffect(() => {
    // React does not know it.
    folder.current?.setAttribute('webkitdirectory', '')
  }, [])
  const taken = (input: HTMLInputElement) => {
    const picked = [...(input.files ?? [])].filter((file) => !file.name.startsWith('.'))
    input.value = ''
    void dispatch(addFiles(picked))
  }
  return (
    <>
      <button type="button" className="primary" onClick={() => files.current?.click()}>
        {texts.pickFiles}
      </button>
      <button type="button" onClick={() => folder.current?.click()}>
        {texts.pickFolder}
      </button>
      <input ref={files} type="file" multiple hidden aria-label={texts.pickFiles} accept={ACCEPTED} onChange={(event) => taken(event.target)} />
      <input ref={folder} type="file" multiple hidden aria-label={texts.pickFolder} onChange={(event) => taken(event.target)} />
    </>
  )
}
