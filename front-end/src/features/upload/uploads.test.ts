import { expect, it } from 'vitest'

import { added, again, announced, cancelled, chosen, looked, moved, removed, uploads, type Upload, type Uploads } from './uploads'

const { reducer } = uploads
const upload = (key: string, more: Partial<Upload> = {}): Upload => ({ key, name: `${key}.jpg`, bytes: 10, type: 'image/jpeg', state: 'waiting', sent: 0, ...more })
const start = (...all: Upload[]): Uploads => reducer({ all: [] }, added(all))

it('the first picture that can be shown is on the stage', () => {
  const now = start(upload('a', { state: 'refused' }), upload('b'), upload('c'))
  expect(now.chosen).toBe('b')
  expect(reducer(now, added([upload('d')])).chosen).toBe('b')
})

it('its neighbour takes the place of one that is removed', () => {
  const now = reducer(start(upload('a'), upload('b'), upload('c')), chosen('b'))
  expect(reducer(now, removed(['b'])).chosen).toBe('c')
  expect(reducer(now, removed(['b', 'c'])).chosen).toBe('a')
  expect(reducer(now, removed(['a', 'b', 'c']))).toEqual({ all: [] })
})

it('one that was given up stays so, until it is tried again', () => {
  let now = reducer(start(upload('a', { picture: 'pic_1' })), cancelled('a'))
  now = reducer(now, moved({ key: 'a', state: 'checking' }))
  expect(now.all[0]?.state).toBe('cancelled')
  now = reducer(now, again('a'))
  expect(now.all[0]).toMatchObject({ state: 'waiting', sent: 0 })
  expect(now.all[0]).not.toHaveProperty('picture')
})

it('names of the service go to what still waits for one', () => {
  const now = reducer(start(upload('a'), upload('b', { state: 'cancelled' }), upload('c')), announced({ a: 'pic_1', b: 'pic_2' }))
  expect(now.all.map(({ picture }) => picture)).toEqual(['pic_1', undefined, undefined])
})

it('what the service saw is taken over', () => {
  const seen = { name: 'a.jpg', type: 'image/jpeg', bytes: 10, created: 0 }
  const now = reducer(
    start(
      upload('a', { picture: 'pic_1', state: 'checking' }),
      upload('b', { picture: 'pic_2', state: 'checking' }),
      upload('c', { picture: 'pic_3', state: 'checking' }),
    ),
    looked([
      { ...seen, id: 'pic_1', state: 'ready', width: 40, height: 30 },
      { ...seen, id: 'pic_2', state: 'refused', reason: 'no picture' },
      { ...seen, id: 'pic_3', state: 'announced' },
    ]),
  )
  expect(now.all[0]).toMatchObject({ state: 'ready', sent: 10, width: 40, height: 30 })
  expect(now.all[1]).toMatchObject({ state: 'refused', reason: 'no picture' })
  // What never arrived can be sent again.
  expect(now.all[2]).toMatchObject({ state: 'failed' })
})
