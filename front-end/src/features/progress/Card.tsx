import { memo, useState } from 'react'

import { pictureThumbnail, resultDownload, resultThumbnail, told, useRetryMutation } from '../../api/api'
import type { ItemView } from '../../api/schema'
import { useAppDispatch, useAppSelector } from '../../app/store'
import { texts } from '../../texts'
import { said } from '../notices/notices'
import { useThumbnail } from '../upload/thumbnails'
import { opened } from './jobs'

const SIZE = 320

interface Props {
  job: string
  number: number
  compare: (item: number) => void
}

/** One picture of a job. It looks only at its own item, so that others' changes cost it nothing. */
export const Card = memo(function Card({ job, number, compare }: Props) {
  const item = useAppSelector((state) => state.jobs[job]?.items[number])
  if (!item) return <div className="skeleton card" />
  return (
    <article className={`card ${item.state}`} aria-label={`${item.name}: ${texts.states[item.state]}`}>
      <Image job={job} item={item} compare={compare} />
      <div className="foot">
        <span className="name" title={item.name}>
          {item.name}
        </span>
        <span className={`state ${item.state}`}>{texts.states[item.state]}</span>
        {item.state === 'failed' && <p className="reason">{item.reason}</p>}
        <div className="row">
          {item.state === 'done' && (
            <>
              <span className="facts">{texts.took(item.milliseconds)}</span>
              <a href={resultDownload(job, number)} download aria-label={texts.downloadOne(item.name)}>
                {texts.download}
              </a>
            </>
          )}
          {(item.state === 'failed' || item.state === 'cancelled') && <Retry job={job} item={item} />}
        </div>
      </div>
    </article>
  )
})

function Image({ job, item, compare }: { job: string; item: ItemView; compare: Props['compare'] }) {
  const upload = useAppSelector((state) => state.uploads.all.find((upload) => upload.picture === item.picture))
  const own = useThumbnail(upload, SIZE)
  const url = item.state === 'done' ? resultThumbnail(job, item.number, item.attempt, SIZE) : (own ?? pictureThumbnail(item.picture, SIZE))
  const image = <Shown url={url} />
  if (item.state === 'done') {
    return (
      <button type="button" className="thumb" aria-label={texts.compare(item.name)} onClick={() => compare(item.number)}>
        {image}
      </button>
    )
  }
  return <div className="thumb">{image}</div>
}

/** What cannot be decoded cannot be shown. */
function Shown({ url }: { url: string }) {
  const [broken, setBroken] = useState<string>()
  if (broken === url) {
    return (
      <span className="broken" aria-hidden="true">
        ?
      </span>
    )
  }
  return <img src={url} alt="" loading="lazy" decoding="async" onError={() => setBroken(url)} />
}

function Retry({ job, item }: { job: string; item: ItemView }) {
  const dispatch = useAppDispatch()
  const [retry, { isLoading }] = useRetryMutation()
  return (
    <button
      type="button"
      disabled={isLoading}
      aria-label={texts.retryOne(item.name)}
      onClick={() => {
        retry({ job, item: item.number })
          .unwrap()
          .then(
            (job) => dispatch(opened(job)),
            (error: unknown) => dispatch(said(told(error), { kind: 'fault' })),
          )
      }}
    >
      {texts.retry}
    </button>
  )
}
