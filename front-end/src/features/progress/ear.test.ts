import { afterEach, beforeEach, expect, it, vi } from 'vitest'

import type { Change, Job } from '../../api/schema'
import { makeStore, type Store } from '../../app/store'
import { Ear } from './ear'
import { itemsCame, opened } from './jobs'
import { reached } from './live'

const counts = { queued: 3, processing: 0, done: 0, failed: 0, cancelled: 0 }
const finished = { ...counts, queued: 0, done: 3 }
const job: Job = { id: 'job_1', settings: {}, created: 0, counts, status: 'queued', zip: { state: 'none' } }
const change = (sequence: number, number: number): Change => ({
  sequence,
  job: job.id,
  items: [{ number, attempt: 1, state: 'processing' }],
  counts,
  zip: { state: 'none' },
})

/** What the service would answer, and what it was asked. */
let missed: { changes: Change[]; latest: number; complete: boolean }
let asked: string[]
let store: Store
let ear: Ear

const states = () => store.getState().jobs[job.id]?.items.map((item) => item?.state)

beforeEach(() => {
  vi.useFakeTimers()
  asked = []
  missed = { changes: [], latest: 0, complete: true }
  vi.stubGlobal('fetch', (request: Request) => {
    const { pathname, search } = new URL(request.url, 'http://localhost')
    asked.push(pathname + search)
    const answer = pathname === '/events' ? missed : pathname.endsWith('/items') ? { items: [] } : job
    return Promise.resolve(new Response(JSON.stringify(answer), { headers: { 'content-type': 'application/json' } }))
  })
  store = makeStore()
  store.dispatch(reached(1))
  store.dispatch(opened(job))
  const item = (number: number) => ({ number, picture: 'p', name: 'n', attempt: 1, state: 'queued' as const, queued: 0 })
  store.dispatch(itemsCame({ job: job.id, items: [item(0), item(1), item(2)], complete: true }))
  ear = new Ear(store.dispatch, () => store.getState())
})

afterEach(() => {
  ear.close()
  vi.useRealTimers()
  vi.unstubAllGlobals()
})

it('asks once when it is connected, and never again while all arrives', async () => {
  ear.connected()
  await vi.advanceTimersByTimeAsync(200)
  expect(asked).toEqual(['/events?since=1'])
  ear.heard({ ...change(3, 1), counts: finished })
  ear.heard(change(2, 0))
  await vi.advanceTimersByTimeAsync(60_000)
  expect(states()).toEqual(['processing', 'processing', 'queued'])
  expect(store.getState().live).toEqual({ state: 'connected', sequence: 3 })
  expect(asked).toHaveLength(1)
})

it('asks for what did not arrive', async () => {
  ear.connected()
  await vi.advanceTimersByTimeAsync(200)
  missed = { changes: [change(2, 0), change(3, 1)], latest: 3, complete: true }
  ear.heard(change(3, 1))
  await vi.advanceTimersByTimeAsync(200)
  expect(asked.at(-1)).toBe('/events?since=1')
  expect(states()).toEqual(['processing', 'processing', 'queued'])
  expect(store.getState().live.sequence).toBe(3)
})

it('asks what became of a job that it has long heard nothing of, until it is finished', async () => {
  ear.connected()
  await vi.advanceTimersByTimeAsync(200)
  missed = { changes: [{ ...change(2, 0), counts: finished }], latest: 2, complete: true }
  await vi.advanceTimersByTimeAsync(16_000)
  expect(asked).toEqual(['/events?since=1', '/events?since=1'])
  expect(store.getState().jobs[job.id]?.job.counts).toEqual(finished)
  await vi.advanceTimersByTimeAsync(120_000)
  expect(asked).toHaveLength(2)
})

it('asks once more when something is missed while it asks', async () => {
  vi.stubGlobal('fetch', () => {
    asked.push('/events')
    // As things are when it is asked, not when the answer comes.
    const answer = new Response(JSON.stringify(missed), { headers: { 'content-type': 'application/json' } })
    return new Promise((answered) => setTimeout(() => answered(answer), 300))
  })
  missed = { changes: [], latest: 1, complete: true }
  ear.connected()
  await vi.advanceTimersByTimeAsync(10)
  missed = { changes: [change(2, 0), change(3, 2), change(4, 1)], latest: 4, complete: true }
  ear.heard(change(4, 1))
  await vi.waitFor(() => expect(store.getState().live.sequence).toBe(4))
  expect(asked).toHaveLength(2)
})

it('asks again and again while the socket is down, and says so', async () => {
  ear.connected()
  await vi.advanceTimersByTimeAsync(200)
  ear.lost()
  expect(store.getState().live.state).toBe('connecting')
  missed = { changes: [change(2, 2)], latest: 2, complete: true }
  await vi.advanceTimersByTimeAsync(3_100)
  expect(store.getState().live.state).toBe('polling')
  expect(states()).toEqual(['queued', 'queued', 'processing'])
  missed = { changes: [], latest: 2, complete: true }
  await vi.advanceTimersByTimeAsync(6_000)
  expect(asked.length).toBeGreaterThanOrEqual(4)
  ear.connected()
  await vi.advanceTimersByTimeAsync(200)
  ear.heard({ ...change(3, 2), counts: finished })
  const before = asked.length
  await vi.advanceTimersByTimeAsync(60_000)
  expect(asked).toHaveLength(before)
})

it('looks at its jobs anew when too much was missed', async () => {
  missed = { changes: [], latest: 900, complete: false }
  ear.connected()
  await vi.advanceTimersByTimeAsync(500)
  expect(asked).toContain('/jobs/job_1')
  expect(asked.some((path) => path.startsWith('/jobs/job_1/items'))).toBe(true)
  expect(store.getState().live.sequence).toBe(900)
})
