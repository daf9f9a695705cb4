import { createSlice, type PayloadAction } from '@reduxjs/toolkit'

/** How one hears of changes: told at once, asking again and again, or not yet. */
export type Live = 'connecting' | 'connected' | 'polling'

export const live = createSlice({
  name: 'live',
  initialState: { state: 'connecting' as Live, sequence: 0 },
  reducers: {
    is(live, { payload }: PayloadAction<Live>) {
      live.state = payload
    },
    /** All changes up to this one are known. */
    reached(live, { payload }: PayloadAction<number>) {
      live.sequence = Math.max(live.sequence, payload)
    },
  },
})

export const { is, reached } = live.actions
