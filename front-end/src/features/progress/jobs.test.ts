import { describe, expect, it } from 'vitest'

import type { Change, ChangedItem, ItemView, Job } from '../../api/schema'
import { changesCame, isLater, itemsCame, jobs, opened, type Jobs } from './jobs'

const counts = { queued: 2, processing: 0, done: 0, failed: 0, cancelled: 0 }
const job: Job = { id: 'job_1', stamp: 'built-in:logo', settings: {}, created: 0, finished: null, counts, status: 'queued', zip: { state: 'none' } }
const item = (number: number): ItemView => ({ number, picture: `pic_${number}`, name: `${number}.jpg`, attempt: 1, state: 'queued', queued: 0, started: null, finished: null })
const done = (number: number, attempt = 1): ChangedItem => ({ number, attempt, state: 'done', key: 'k', bytes: 9, width: 1, height: 1, path: 'splice', milliseconds: 7 })
const change = (sequence: number, items: ChangedItem[], more: Partial<Change> = {}): Change => ({ sequence, job: job.id, items, counts, zip: { state: 'none' }, ...more })

const { reducer } = jobs
const start = (): Jobs => reducer(reducer({}, opened(job)), itemsCame({ job: job.id, items: [item(0), item(1)], complete: true }))
const stateOf = (now: Jobs, number: number) => now[job.id]?.items[number]?.state

describe('an item', () => {
  it('is never moved back by what arrives late', () => {
    let now = reducer(start(), changesCame([change(2, [done(0)])]))
    now = reducer(now, changesCame([change(1, [{ number: 0, attempt: 1, state: 'processing' }])]))
    expect(stateOf(now, 0)).toBe('done')
    expect(now[job.id]?.items[0]).toMatchObject({ name: '0.jpg', milliseconds: 7 })
    // An answer that left before the change arrives behind it.
    now = reducer(now, itemsCame({ job: job.id, items: [item(0), item(1)], complete: true }))
    expect(stateOf(now, 0)).toBe('done')
  })

  it('begins anew with its next attempt, and forgets why it failed', () => {
    let now = reducer(start(), changesCame([change(1, [{ number: 0, attempt: 1, state: 'failed', reason: 'torn' }])]))
    expect(now[job.id]?.items[0]).toMatchObject({ state: 'failed', reason: 'torn' })
    now = reducer(now, changesCame([change(2, [{ number: 0, attempt: 2, state: 'queued' }])]))
    expect(stateOf(now, 0)).toBe('queued')
    expect(now[job.id]?.items[0]).not.toHaveProperty('reason')
  })

  it('that is told of before it is here is as told when it comes', () => {
    let now = reducer({}, opened(job))
    now = reducer(now, changesCame([change(1, [done(1)]), change(2, [{ number: 1, attempt: 1, state: 'processing' }])]))
    now = reducer(now, itemsCame({ job: job.id, items: [item(0), item(1)], complete: true }))
    expect([stateOf(now, 0), stateOf(now, 1)]).toEqual(['queued', 'done'])
  })
})

describe('a job', () => {
  it('has the counts of the last change, in whatever order changes come', () => {
    const [first, last] = [
      { counts: { ...counts, queued: 1, processing: 1 } },
      { counts: { ...counts, queued: 0, done: 2 }, zip: { state: 'pending' as const, entries: 1, key: 'k' } },
    ]
    const now = reducer(start(), changesCame([change(2, [], last), change(1, [], first)]))
    expect(now[job.id]?.job).toMatchObject({ ...last, status: 'finished' })
  })

  it('that was not opened is left alone', () => {
    expect(reducer({}, changesCame([change(1, [done(0)])]))).toEqual({})
  })
})

it('a later attempt is later than any state of an earlier one', () => {
  expect(isLater({ attempt: 1, state: 'done' }, { attempt: 2, state: 'queued' })).toBe(true)
  expect(isLater({ attempt: 2, state: 'queued' }, { attempt: 1, state: 'done' })).toBe(false)
  expect(isLater({ attempt: 1, state: 'failed' }, { attempt: 1, state: 'done' })).toBe(true)
  expect(isLater({ attempt: 1, state: 'done' }, { attempt: 1, state: 'done' })).toBe(false)
})
