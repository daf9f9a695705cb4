import { told, useJobsInfiniteQuery } from '../../api/api'
import type { Job } from '../../api/schema'
import { STUDIO, toJob } from '../../app/route'
import { useAppSelector } from '../../app/store'
import { texts } from '../../texts'

/** All jobs, the newest first. */
export function History() {
  const { data, error, isLoading, hasNextPage, fetchNextPage, isFetchingNextPage } = useJobsInfiniteQuery(undefined, {
    refetchOnMountOrArgChange: true,
  })
  const jobs = data?.pages.flatMap((page) => page.jobs) ?? []
  return (
    <section className="history" aria-labelledby="history-title">
      <h1 id="history-title">{texts.history}</h1>
      {error !== undefined && <p className="fault">{told(error)}</p>}
      {isLoading && Array.from({ length: 4 }, (_, index) => <div key={index} className="skeleton row" />)}
      {!isLoading && !error && jobs.length === 0 && (
        <div className="empty">
          <p>{texts.noJobs}</p>
          <a className="button primary" href={STUDIO}>
            {texts.newJob}
          </a>
        </div>
      )}
      <ul>
        {jobs.map((job) => (
          <Row key={job.id} listed={job} />
        ))}
      </ul>
      {hasNextPage && (
        <button type="button" disabled={isFetchingNextPage} onClick={() => void fetchNextPage()}>
          {texts.more}
        </button>
      )}
    </section>
  )
}

function Row({ listed }: { listed: Job }) {
  // Changes are told of jobs that were opened.
  const job = useAppSelector((state) => state.jobs[listed.id]?.job) ?? listed
  const { queued, processing, done, failed, cancelled } = job.counts
  const all = queued + processing + done + failed + cancelled
  return (
    <li>
      <a href={toJob(job.id)}>
        <time dateTime={new Date(job.created).toISOString()}>{texts.moment(job.created)}</time>
        <span>{texts.pictureCount(all)}</span>
        <span className="states">
          {done > 0 && <span className="state done">{texts.count('done', done)}</span>}
          {failed > 0 && <span className="state failed">{texts.count('failed', failed)}</span>}
          {cancelled > 0 && <span className="state cancelled">{texts.count('cancelled', cancelled)}</span>}
          {queued + processing > 0 && <span className="state processing">{texts.count('processing', queued + processing)}</span>}
        </span>
      </a>
    </li>
  )
}
