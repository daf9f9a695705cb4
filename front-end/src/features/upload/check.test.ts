import { expect, it } from 'vitest'

import { LONGEST_PICTURE, LONGEST_STAMP, nameOf, refusal, STAMPS, typeOf } from './check'

it('a type is what the browser says, or else what the name says', () => {
  expect(typeOf({ name: 'a.JPG', type: '' })).toBe('image/jpeg')
  expect(typeOf({ name: 'a.jpg', type: 'image/png' })).toBe('image/png')
  expect(typeOf({ name: 'a', type: '' })).toBe('')
})

it('what cannot be taken is refused with the reason', () => {
  const file = (name: string, size: number, type = '') => ({ name, size, type })
  expect(refusal(file('a.jpg', 1))).toBeUndefined()
  expect(refusal(file('a.tiff', LONGEST_PICTURE))).toBeUndefined()
  expect(refusal(file('a.txt', 1, 'text/plain'))).toContain('JPEG')
  expect(refusal(file('a.svg', 1))).toContain('not a type')
  expect(refusal(file('a.jpg', 0))).toContain('empty')
  expect(refusal(file('a.jpg', LONGEST_PICTURE + 1))).toContain('105 MB')
  expect(refusal(file('a.svg', 1), STAMPS, LONGEST_STAMP)).toBeUndefined()
})

it('a name has no folders, and its end is kept', () => {
  expect(nameOf('a/b\\c.jpg')).toBe('a_b_c.jpg')
  expect(nameOf('')).toBe('picture')
  const long = nameOf(`${'é'.repeat(200)}.jpg`)
  expect(new TextEncoder().encode(long).length).toBeLessThanOrEqual(255)
  expect(long.endsWith('é.jpg')).toBe(true)
})
