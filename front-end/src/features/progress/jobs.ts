import { createSlice, type PayloadAction } from '@reduxjs/toolkit'

import type { Change, ChangedItem, ItemView, Job } from '../../api/schema'

/** A job that was opened, and its items by their numbers. */
export interface OpenJob {
  job: Job
  items: (ItemView | undefined)[]
  /** Whether all items were asked for. */
  complete: boolean
  /** The last change that was taken in. */
  sequence: number
  /** What was told of items that are not here yet. */
  early: Record<number, ChangedItem>
}

export type Jobs = Record<string, OpenJob>

const RANK: Record<ItemView['state'], number> = { queued: 0, processing: 1, failed: 2, cancelled: 3, done: 4 }

/** Whether `other` is later in an item's life: events and answers cross each other on their ways. */
export function isLater(
  one: Pick<ItemView, 'attempt' | 'state'>,
  other: Pick<ItemView, 'attempt' | 'state'>,
): boolean {
  if (one.attempt !== other.attempt) return other.attempt > one.attempt
  return RANK[other.state] > RANK[one.state]
}

/** What an item is after a change: a reason, or an output, is that of its state alone. */
function after({ picture, name, queued, started, finished }: ItemView, change: ChangedItem): ItemView {
  return { picture, name, queued, started, finished, ...change } as ItemView
}

const isFinished = ({ counts }: Job) => counts.queued + counts.processing === 0

/** Whether anything that was opened is not finished. */
export const isUnderWay = (jobs: Jobs) => Object.values(jobs).some(({ job }) => !isFinished(job))

const NONE: Jobs = {}

export const jobs = createSlice({
  name: 'jobs',
  initialState: NONE,
  reducers: {
    opened(jobs, { payload }: PayloadAction<Job>) {
      const known = jobs[payload.id]
      if (known) known.job = payload
      else jobs[payload.id] = { job: payload, items: [], complete: false, sequence: 0, early: {} }
    },
    itemsCame(jobs, { payload }: PayloadAction<{ job: string; items: ItemView[]; complete: boolean }>) {
      const open = jobs[payload.job]
      if (!open) return
      for (const item of payload.items) {
        const [early, known] = [open.early[item.number], open.items[item.number]]
        const told = early && isLater(item, early) ? after(item, early) : item
        Reflect.deleteProperty(open.early, item.number)
        if (!known || !isLater(told, known)) open.items[item.number] = told
      }
      open.complete ||= payload.complete
    },
    changesCame(jobs, { payload }: PayloadAction<Change[]>) {
      for (const change of payload) {
        const open = jobs[change.job]
        if (!open) continue
        for (const item of change.items) {
          const known = open.items[item.number]
          if (known) {
            if (isLater(known, item)) open.items[item.number] = after(known, item)
            continue
          }
          const early = open.early[item.number]
          if (!early || isLater(early, item)) open.early[item.number] = item
        }
        // Counts and the ZIP are those of the moment: older ones are void.
        if (change.sequence < open.sequence) continue
        open.sequence = change.sequence
        open.job.counts = change.counts
        open.job.zip = change.zip
        open.job.status = isFinished(open.job) ? 'finished' : 'running'
      }
    },
  },
})

export const { opened, itemsCame, changesCame } = jobs.actions
