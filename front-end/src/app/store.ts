import { configureStore } from '@reduxjs/toolkit'
import { useDispatch, useSelector } from 'react-redux'

import { api } from '../api/api'
import { notices } from '../features/notices/notices'
import { placement, remember } from '../features/place/placement'
import { jobs } from '../features/progress/jobs'
import { live } from '../features/progress/live'
import { rememberTray, uploads } from '../features/upload/uploads'
import { theme } from './theme'

export function makeStore() {
  const store = configureStore({
    reducer: {
      [api.reducerPath]: api.reducer,
      jobs: jobs.reducer,
      live: live.reducer,
      notices: notices.reducer,
      placement: placement.reducer,
      theme: theme.reducer,
      uploads: uploads.reducer,
    },
    middleware: (standard) =>
      // Thousands of items a job: looking through all of them at each action costs more than the action.
      standard({ immutableCheck: false, serializableCheck: false }).concat(api.middleware),
  })
  store.subscribe(() => {
    const state = store.getState()
    remember(state.placement)
    rememberTray(state.uploads)
  })
  return store
}

export type Store = ReturnType<typeof makeStore>
export type State = ReturnType<Store['getState']>
export type Dispatch = Store['dispatch']

export const useAppDispatch = useDispatch.withTypes<Dispatch>()
export const useAppSelector = useSelector.withTypes<State>()
