import { createSlice, nanoid, type PayloadAction } from '@reduxjs/toolkit'

/** What can be undone. */
export type Undoable = { what: 'pictures'; ids: string[] }

export interface Notice {
  key: string
  text: string
  kind: 'info' | 'fault'
  undo?: Undoable
}

const MOST = 4

export const notices = createSlice({
  name: 'notices',
  initialState: [] as Notice[],
  reducers: {
    said: {
      prepare: (text: string, more: Partial<Omit<Notice, 'text' | 'key'>> = {}) => ({
        payload: { key: nanoid(), text, kind: 'info' as const, ...more },
      }),
      reducer: (all, { payload }: PayloadAction<Notice>) => [...all, payload].slice(-MOST),
    },
    closed: (all, { payload }: PayloadAction<string>) => all.filter((notice) => notice.key !== payload),
  },
})

export const { said, closed } = notices.actions
