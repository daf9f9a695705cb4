import { api, told } from '../../api/api'
import type { ItemPage } from '../../api/schema'
import type { Dispatch, State } from '../../app/store'
import { itemsCame, opened } from './jobs'

type Thunk<T> = (dispatch: Dispatch, state: () => State) => Promise<T>

/** Asks for a job and all its items; why there is none, if there is none. */
export const open =
  (id: string): Thunk<string | undefined> =>
  async (dispatch) => {
    const fresh = { forceRefetch: true, subscribe: false }
    const job = await dispatch(api.endpoints.job.initiate(id, fresh))
    if (!job.data) return told(job.error)
    dispatch(opened(job.data))
    for (let from: number | null | undefined = 0; typeof from === 'number'; ) {
      const page: { data?: ItemPage | undefined; error?: unknown } = await dispatch(
        api.endpoints.items.initiate({ job: id, from }, fresh),
      )
      if (!page.data) return told(page.error)
      from = page.data.next
      dispatch(itemsCame({ job: id, items: page.data.items, complete: typeof from !== 'number' }))
    }
    return undefined
  }

/** Asks anew for all jobs that are open: too much was missed to tell it change by change. */
export const refresh = (): Thunk<void> => async (dispatch, state) => {
  for (const id of Object.keys(state().jobs)) await dispatch(open(id))
  dispatch(api.util.invalidateTags(['Jobs']))
}
