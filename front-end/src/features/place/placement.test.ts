import { expect, it } from 'vitest'

import { changed, isSomething, placement, presetForgotten, presetKept, presetTaken, STANDARD, stampOf, toSettings } from './placement'

const state = { now: STANDARD, presets: [] }

it('says only what is not as the service has it', () => {
  expect(toSettings(STANDARD)).toEqual({ at: 'bottom-right', size: '20%', margin: '2%' })
  expect(
    toSettings({ ...STANDARD, gravity: null, x: 10.5, y: 20, rotate: 30, opacity: 0.5, blend: 'multiply', tile: true, gap: 25, stagger: 0.5, format: 'webp' }),
  ).toEqual({ at: '10.5%,20%', size: '20%', rotate: 30, opacity: 0.5, blend: 'multiply', tile: '25%,0.5', format: 'webp' })
})

it('puts on a text or a stamp, and each is kept while the other is chosen', () => {
  const text = { ...STANDARD, kind: 'text' as const, text: '© me' }
  expect(toSettings(text)).toMatchObject({ text: '© me', color: '#ffffff' })
  expect(stampOf(text)).toBeNull()
  expect(toSettings({ ...text, kind: 'stamp' })).not.toHaveProperty('text')
  expect(stampOf({ ...text, kind: 'stamp' })).toBe('built-in:logo')
  expect(isSomething({ ...text, text: ' ' })).toBe(false)
})

it('keeps presets by name, the newest first', () => {
  const { reducer } = placement
  let now = reducer(state, changed({ size: 33 }))
  now = reducer(now, presetKept('a'))
  now = reducer(now, changed({ size: 44 }))
  now = reducer(now, presetKept('b'))
  expect(now.presets.map((preset) => preset.name)).toEqual(['b', 'a'])
  expect(reducer(now, presetTaken('a')).now.size).toBe(33)
  expect(reducer(now, presetKept('a')).presets[0]?.placement.size).toBe(44)
  expect(reducer(now, presetForgotten('a')).presets).toHaveLength(1)
})
