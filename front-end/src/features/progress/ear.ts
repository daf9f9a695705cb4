import { api } from '../../api/api'
import type { Change } from '../../api/schema'
import type { Dispatch, State } from '../../app/store'
import { changesCame, isUnderWay } from './jobs'
import { is, reached } from './live'
import { refresh } from './open'

/** Changes are shown together so often, in milliseconds: a job may tell of many at once. */
const GATHER = 100
const POLL = 2_000
/** The history is asked for anew at most so often. */
const LIST = 1_000
/** While a job is under way, silence for so long may mean that its last word was lost on its way. */
const SILENCE = 15_000
/** A socket that is down for so long is not waited for. */
const PATIENCE = 3_000

/** Puts changes in order, finds what is missing, and asks for it. */
export class Ear {
  private waiting: Change[] = []
  private gathering: ReturnType<typeof setTimeout> | undefined
  private patience: ReturnType<typeof setTimeout> | undefined
  private polling: ReturnType<typeof setInterval> | undefined
  private listing: ReturnType<typeof setTimeout> | undefined
  private silence: ReturnType<typeof setTimeout> | undefined
  private asking: Promise<void> | undefined
  /** What was found missing while a question was on its way, which may have left before it. */
  private again = false

  constructor(
    private readonly dispatch: Dispatch,
    private readonly state: () => State,
  ) {
    this.lost()
  }

  heard(change: Change) {
    this.mindSilence()
    this.waiting.push(change)
    this.gathering ??= setTimeout(() => this.take(), GATHER)
  }

  connected() {
    clearTimeout(this.patience)
    clearInterval(this.polling)
    this.patience = this.polling = undefined
    this.dispatch(is('connected'))
    this.mindSilence()
    void this.catchUp()
  }

  lost() {
    if (this.patience !== undefined || this.polling !== undefined) return
    if (this.state().live.state === 'connected') this.dispatch(is('connecting'))
    this.patience = setTimeout(() => {
      this.dispatch(is('polling'))
      void this.catchUp()
      this.polling = setInterval(() => void this.catchUp(), POLL)
    }, PATIENCE)
  }

  close() {
    clearTimeout(this.gathering)
    clearTimeout(this.listing)
    clearTimeout(this.patience)
    clearTimeout(this.silence)
    clearInterval(this.polling)
  }

  private mindSilence() {
    clearTimeout(this.silence)
    this.silence = setTimeout(() => {
      const { live, jobs } = this.state()
      if (live.state === 'connected' && isUnderWay(jobs)) void this.catchUp()
      this.mindSilence()
    }, SILENCE)
  }

  private take() {
    this.gathering = undefined
    const changes = this.waiting.sort((one, other) => one.sequence - other.sequence)
    this.waiting = []
    const { sequence } = this.state().live
    let last = sequence
    const isGapless = changes.every((change) => {
      const follows = change.sequence <= last + 1
      last = Math.max(last, change.sequence)
      return follows
    })
    this.dispatch(changesCame(changes))
    if (isGapless) this.dispatch(reached(last))
    // Something was told that did not arrive.
    else void this.catchUp()
    this.list(changes)
  }

  /** The history shows jobs that were never opened, too. */
  private list(changes: Change[]) {
    const { jobs } = this.state()
    if (this.listing !== undefined || changes.every((change) => jobs[change.job])) return
    this.listing = setTimeout(() => {
      this.listing = undefined
      this.dispatch(api.util.invalidateTags(['Jobs']))
    }, LIST)
  }

  /** Asks for all since the last change that is known without a gap. One question at a time. */
  private catchUp(): Promise<void> {
    if (this.asking) {
      this.again = true
      return this.asking
    }
    this.asking = this.ask().finally(() => {
      this.asking = undefined
      if (!this.again) return
      this.again = false
      void this.catchUp()
    })
    return this.asking
  }

  private async ask() {
    for (;;) {
      const { sequence } = this.state().live
      const { data } = await this.dispatch(api.endpoints.since.initiate(sequence, { track: false }))
      // There is no network: the next question comes soon.
      if (!data) return
      this.dispatch(changesCame(data.changes))
      this.list(data.changes)
      if (!data.complete) {
        this.dispatch(reached(data.latest))
        await this.dispatch(refresh())
        return
      }
      const last = data.changes.at(-1)?.sequence ?? data.latest
      this.dispatch(reached(last))
      if (last >= data.latest) return
    }
  }
}
