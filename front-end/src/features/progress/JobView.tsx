import { useEffect, useState } from 'react'

import { told, useCancelMutation, useMakeZipMutation, useRetryMutation, zipDownload } from '../../api/api'
import type { ItemView, Job } from '../../api/schema'
import { HISTORY, STUDIO } from '../../app/route'
import { useAppDispatch, useAppSelector } from '../../app/store'
import { texts } from '../../texts'
import { Compare } from '../compare/Compare'
import { said } from '../notices/notices'
import { deletePictures } from '../upload/uploader'
import { Grid } from './Grid'
import { opened } from './jobs'
import { open } from './open'

type Filter = 'all' | ItemView['state']
const FILTERS: Filter[] = ['all', 'queued', 'processing', 'done', 'failed', 'cancelled']

/** A job, and each of its pictures as it is now. */
export function JobView({ id }: { id: string }) {
  const dispatch = useAppDispatch()
  const known = useAppSelector((state) => state.jobs[id])
  const [fault, setFault] = useState<{ id: string; why: string }>()
  const [filter, setFilter] = useState<Filter>('all')
  const [compared, compare] = useState<number>()
  useEffect(() => {
    let wanted = true
    void dispatch(open(id)).then((why) => wanted && setFault(why ? { id, why } : undefined))
    return () => {
      wanted = false
    }
  }, [dispatch, id])

  if (fault?.id === id && !known) {
    return (
      <section className="empty">
        <h1>{texts.noSuchJob}</h1>
        <p>{fault.why}</p>
        <a className="button" href={HISTORY}>
          {texts.toHistory}
        </a>
      </section>
    )
  }
  if (!known) return <Skeleton />
  const { job, items } = known
  const shown = items.flatMap((item, number) => (item && (filter === 'all' || item.state === filter) ? [number] : []))
  const one = compared === undefined ? undefined : items[compared]
  return (
    <section className="job" aria-labelledby="job-title">
      <Head job={job} pictures={items.flatMap((item) => item?.picture ?? [])} />
      <nav className="filters" aria-label={texts.filters}>
        {FILTERS.map((one) => {
          const count = one === 'all' ? total(job) : job.counts[one]
          if (one !== 'all' && count === 0) return null
          return (
            <button key={one} type="button" aria-pressed={filter === one} onClick={() => setFilter(one)}>
              {texts.states[one]} <span className="count">{count}</span>
            </button>
          )
        })}
      </nav>
      <Grid job={id} numbers={shown} compare={compare} />
      {one && <Compare job={id} item={one} close={() => compare(undefined)} />}
    </section>
  )
}

const total = ({ counts }: Job) =>
  counts.queued + counts.processing + counts.done + counts.failed + counts.cancelled

function Head({ job, pictures }: { job: Job; pictures: string[] }) {
  const dispatch = useAppDispatch()
  const [cancel, cancelling] = useCancelMutation()
  const [retry, retrying] = useRetryMutation()
  const all = total(job)
  const ended = all - job.counts.queued - job.counts.processing
  const isFinished = ended === all
  const again = job.counts.failed + job.counts.cancelled
  const act = (work: Promise<Job>) =>
    work.then(
      (job) => dispatch(opened(job)),
      (error: unknown) => dispatch(said(told(error), { kind: 'fault' })),
    )
  return (
    <header>
      <div className="row">
        <h1 id="job-title">{isFinished ? texts.jobFinished(job.counts.done, all) : texts.jobRuns(ended, all)}</h1>
        <time dateTime={new Date(job.created).toISOString()}>{texts.moment(job.created)}</time>
      </div>
      <progress max={all} value={ended} aria-label={texts.progress}>
        {texts.jobRuns(ended, all)}
      </progress>
      <p className="visually-hidden" role="status">
        {isFinished ? texts.jobFinished(job.counts.done, all) : ''}
      </p>
      <div className="row actions">
        {job.counts.done > 0 && isFinished && <Zip job={job} />}
        {!isFinished && (
          <button type="button" disabled={cancelling.isLoading} onClick={() => void act(cancel(job.id).unwrap())}>
            {texts.cancelJob}
          </button>
        )}
        {isFinished && again > 0 && (
          <button
            type="button"
            disabled={retrying.isLoading}
            onClick={() => void act(retry({ job: job.id }).unwrap())}
          >
            {texts.retryAll(again)}
          </button>
        )}
        {isFinished && (
          <button type="button" className="quiet" onClick={() => void dispatch(deletePictures([...new Set(pictures)]))}>
            {texts.deletePictures}
          </button>
        )}
        <a className="button quiet" href={STUDIO}>
          {texts.newJob}
        </a>
      </div>
    </header>
  )
}

function Zip({ job }: { job: Job }) {
  const dispatch = useAppDispatch()
  const [make, making] = useMakeZipMutation()
  const { zip } = job
  if (zip.state === 'ready') {
    return (
      <a className="button primary" href={zipDownload(job.id)} download>
        {texts.downloadZip(zip.bytes)}
      </a>
    )
  }
  if (zip.state === 'pending') {
    return (
      <span className="making" role="status">
        <progress max={job.counts.done} value={zip.entries} aria-label={texts.zipProgress} />
        {texts.zipIsMade(zip.entries, job.counts.done)}
      </span>
    )
  }
  return (
    <>
      <button
        type="button"
        className="primary"
        disabled={making.isLoading}
        onClick={() => {
          make(job.id)
            .unwrap()
            .catch((error: unknown) => dispatch(said(told(error), { kind: 'fault' })))
        }}
      >
        {texts.makeZip(job.counts.done)}
      </button>
      {zip.state === 'failed' && <span className="fault">{zip.reason}</span>}
    </>
  )
}

function Skeleton() {
  return (
    <section className="job" aria-busy="true" aria-label={texts.loading}>
      <div className="skeleton title" />
      <div className="skeletons">
        {Array.from({ length: 12 }, (_, index) => (
          <div key={index} className="skeleton card" />
        ))}
      </div>
    </section>
  )
}
