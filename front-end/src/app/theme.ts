import { createSlice, type PayloadAction } from '@reduxjs/toolkit'

import { read, write } from './storage'

export type Theme = 'system' | 'light' | 'dark'

const KEY = 'stampede.theme'
const THEMES: Theme[] = ['system', 'light', 'dark']

function known(): Theme {
  const saved = read(KEY)
  return THEMES.find((theme) => theme === saved) ?? 'system'
}

export const theme = createSlice({
  name: 'theme',
  initialState: known,
  reducers: { chosen: (_, { payload }: PayloadAction<Theme>) => payload },
})

/** Puts a theme on the page; the style sheet knows what follows from it. */
export function apply(chosen: Theme) {
  document.documentElement.dataset.theme = chosen
  write(KEY, chosen)
}

export const next = (now: Theme): Theme => THEMES[(THEMES.indexOf(now) + 1) % THEMES.length] ?? 'system'
