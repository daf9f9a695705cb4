import { createSlice, type PayloadAction } from '@reduxjs/toolkit'

import type { Settings } from '../../api/schema'
import { read, write } from '../../app/storage'

export const GRAVITIES = [
  'top-left',
  'top',
  'top-right',
  'left',
  'center',
  'right',
  'bottom-left',
  'bottom',
  'bottom-right',
] as const
export type Gravity = (typeof GRAVITIES)[number]

/** The engine's blend modes, by their names in CSS. */
export const BLENDS = ['over', 'multiply', 'screen', 'overlay', 'soft-light'] as const
export type Blend = (typeof BLENDS)[number]

export const FORMATS = ['', 'jpg', 'png', 'webp', 'avif'] as const

/** What is put on, and where. Lengths are per cents, so that it suits pictures of any size. */
export interface Placement {
  kind: 'stamp' | 'text'
  /** `built-in:NAME` or one's own. */
  stamp: string
  text: string
  color: string
  /** A place that suits any picture, or else `x` and `y`. */
  gravity: Gravity | null
  /** From the edges, in per cent of the picture's shorter side. */
  margin: number
  /** The rotated stamp's left and top, in per cent of the picture's width and height. */
  x: number
  y: number
  /** The stamp's width before it is turned, in per cent of the picture's. */
  size: number
  /** Degrees clockwise. */
  rotate: number
  /** 0 to 1. */
  opacity: number
  blend: Blend
  tile: boolean
  /** Between tiles, in per cent of a tile's width. */
  gap: number
  /** How far every second row is shifted, in shares of a tile. */
  stagger: number
  format: (typeof FORMATS)[number]
}

export interface Preset {
  name: string
  placement: Placement
}

export interface PlacementState {
  now: Placement
  presets: Preset[]
}

export const STANDARD: Placement = {
  kind: 'stamp',
  stamp: 'built-in:logo',
  text: '',
  color: '#ffffff',
  gravity: 'bottom-right',
  margin: 2,
  x: 75,
  y: 75,
  size: 20,
  rotate: 0,
  opacity: 1,
  blend: 'over',
  tile: false,
  gap: 50,
  stagger: 0.5,
  format: '',
}

export const LIMITS = {
  margin: [0, 40],
  x: [-100, 100],
  y: [-100, 100],
  size: [1, 100],
  rotate: [-180, 180],
  opacity: [0.05, 1],
  gap: [0, 400],
  stagger: [0, 0.95],
} as const satisfies Partial<Record<keyof Placement, readonly [number, number]>>

type Ranged = keyof typeof LIMITS

const rounded = (value: number) => Math.round(value * 100) / 100

/** Within their limits, and of no more digits than can be seen. */
export function within(placement: Placement): Placement {
  const bounded = { ...placement }
  for (const name of Object.keys(LIMITS) as Ranged[]) {
    const [least, most] = LIMITS[name]
    const value = Number.isFinite(placement[name]) ? placement[name] : STANDARD[name]
    bounded[name] = rounded(Math.min(most, Math.max(least, value)))
  }
  return bounded
}

/** As the API takes it. */
export function toSettings(placement: Placement): Settings {
  const { kind, text, color, gravity, margin, x, y, size, rotate, opacity, blend, tile, gap, stagger, format } =
    within(placement)
  return {
    at: gravity ?? `${x}%,${y}%`,
    size: `${size}%`,
    ...(gravity && { margin: `${margin}%` }),
    ...(rotate !== 0 && { rotate }),
    ...(opacity !== 1 && { opacity }),
    ...(blend !== 'over' && { blend }),
    ...(tile && { tile: `${gap}%,${stagger}` }),
    ...(kind === 'text' && { text, color }),
    ...(format && { format }),
  }
}

/** The stamp as the API takes it: none where only the text is put on. */
export const stampOf = ({ kind, stamp }: Placement) => (kind === 'stamp' ? stamp : null)

/** Whether there is anything to put on. */
export const isSomething = ({ kind, text }: Placement) => kind === 'stamp' || text.trim() !== ''

const KEY = 'stampede.placement'
const MOST_PRESETS = 20

/** What was kept by an older version may lack what this one knows. */
const complete = (kept: Partial<Placement> | undefined) => within({ ...STANDARD, ...kept })

function remembered(): PlacementState {
  const kept = read(KEY) as Partial<PlacementState> | undefined
  const presets = Array.isArray(kept?.presets) ? kept.presets : []
  return {
    now: complete(kept?.now),
    presets: presets.map(({ name, placement }) => ({ name, placement: complete(placement) })),
  }
}

export const placement = createSlice({
  name: 'placement',
  initialState: remembered,
  reducers: {
    changed(state, { payload }: PayloadAction<Partial<Placement>>) {
      state.now = within({ ...state.now, ...payload })
    },
    presetKept({ now, presets }, { payload: name }: PayloadAction<string>) {
      const others = presets.filter((preset) => preset.name !== name)
      return { now, presets: [{ name, placement: now }, ...others].slice(0, MOST_PRESETS) }
    },
    presetTaken(state, { payload: name }: PayloadAction<string>) {
      const preset = state.presets.find((preset) => preset.name === name)
      if (preset) state.now = preset.placement
    },
    presetForgotten(state, { payload: name }: PayloadAction<string>) {
      state.presets = state.presets.filter((preset) => preset.name !== name)
    },
  },
})

export const { changed, presetKept, presetTaken, presetForgotten } = placement.actions

let last: PlacementState | undefined

export function remember(state: PlacementState) {
  if (state === last) return
  last = state
  write(KEY, state)
}
