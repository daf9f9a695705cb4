import { useRef, useState } from 'react'

import { api, stampImage, told, useDeleteStampMutation, useStampsQuery } from '../../api/api'
import { useAppDispatch, useAppSelector } from '../../app/store'
import { texts } from '../../texts'
import { said } from '../notices/notices'
import { LONGEST_STAMP, nameOf, refusal, STAMPS, typeOf } from '../upload/check'
import { send } from '../upload/send'
import { changed, STANDARD } from './placement'

/** The stamps that everybody has, one's own, or a text. */
export function StampChooser() {
  const dispatch = useAppDispatch()
  const { kind, stamp, text, color } = useAppSelector((state) => state.placement.now)
  const { data, isLoading } = useStampsQuery()
  const [forget] = useDeleteStampMutation()
  const own = data?.uploads.filter((upload) => upload.state === 'ready') ?? []
  const choices = [
    ...(data?.built_in.map(({ id, title }) => ({ id, title, isOwn: false })) ?? []),
    ...own.map(({ id, name }) => ({ id, title: name, isOwn: true })),
  ]
  return (
    <fieldset className="stamps">
      <legend>{texts.whatToPutOn}</legend>
      <div className="tabs" role="radiogroup" aria-label={texts.stampOrText}>
        {(['stamp', 'text'] as const).map((one) => (
          <label key={one}>
            <input type="radio" name="kind" checked={kind === one} onChange={() => dispatch(changed({ kind: one }))} />
            <span>{texts.kinds[one]}</span>
          </label>
        ))}
      </div>
      {kind === 'stamp' ? (
        <>
          {isLoading && <div className="skeleton row" />}
          <ul className="choices">
            {choices.map(({ id, title, isOwn }) => (
              <li key={id}>
                <label title={title}>
                  <input type="radio" name="stamp" checked={stamp === id} onChange={() => dispatch(changed({ stamp: id }))} />
                  <img src={stampImage(id)} alt={title} loading="lazy" />
                </label>
                {isOwn && (
                  <button
                    type="button"
                    className="quiet remove"
                    aria-label={texts.deleteStamp(title)}
                    onClick={() => {
                      if (stamp === id) dispatch(changed({ stamp: STANDARD.stamp }))
                      void forget(id)
                    }}
                  >
                    ×
                  </button>
                )}
              </li>
            ))}
            <li>
              <OwnStamp />
            </li>
          </ul>
        </>
      ) : (
        <div className="text">
          <label>
            {texts.text}
            <textarea
              rows={2}
              maxLength={500}
              value={text}
              placeholder={texts.textExample}
              onChange={(event) => dispatch(changed({ text: event.target.value }))}
            />
          </label>
          <label>
            {texts.color}
            <input type="color" value={color} onChange={(event) => dispatch(changed({ color: event.target.value }))} />
          </label>
        </div>
      )}
    </fieldset>
  )
}

function OwnStamp() {
  const dispatch = useAppDispatch()
  const input = useRef<HTMLInputElement>(null)
  const [busy, setBusy] = useState(false)

  async function upload(file: File) {
    const refused = refusal(file, STAMPS, LONGEST_STAMP)
    if (refused) {
      dispatch(said(`${file.name}: ${refused}`, { kind: 'fault' }))
      return
    }
    setBusy(true)
    try {
      const announced = { name: nameOf(file.name), bytes: file.size, type: typeOf(file) }
      const allowed = await dispatch(api.endpoints.announceStamp.initiate(announced)).unwrap()
      await send(allowed.upload, file, () => undefined, new AbortController().signal)
      const looked = await dispatch(api.endpoints.confirmStamp.initiate(allowed.id)).unwrap()
      if (looked.state === 'ready') dispatch(changed({ stamp: looked.id }))
      else dispatch(said(texts.stampRefused(file.name, looked.reason ?? ''), { kind: 'fault' }))
    } catch (error) {
      dispatch(said(told(error), { kind: 'fault' }))
    } finally {
      setBusy(false)
    }
  }

  return (
    <>
      <button type="button" className="own" disabled={busy} onClick={() => input.current?.click()}>
        {busy ? texts.uploading : texts.ownStamp}
      </button>
      <input
        ref={input}
        type="file"
        hidden
        aria-label={texts.ownStamp}
        accept={[...STAMPS, '.svg'].join(',')}
        onChange={(event) => {
          const [file] = event.target.files ?? []
          event.target.value = ''
          if (file) void upload(file)
        }}
      />
    </>
  )
}
