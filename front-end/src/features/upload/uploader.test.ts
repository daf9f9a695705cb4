import { afterEach, expect, it, vi } from 'vitest'

import { addFiles } from './uploader'
import { added } from './uploads'

afterEach(() => vi.restoreAllMocks())

it('many files are taken in several tasks, in their order', async () => {
  let clock = 0
  vi.spyOn(performance, 'now').mockImplementation(() => (clock += 4))
  const files = Array.from({ length: 10 }, (_, number) => new File(['a'], `${number}.jpg`, { type: 'image/jpeg' }))
  const parts: string[][] = []
  let tasks = 0
  const counter = setInterval(() => (tasks += 1))
  const dispatch = (action: unknown) => {
    if (added.match(action)) parts.push(action.payload.map(({ name, state }) => `${name} ${state}`))
  }
  const taking = addFiles(files)(dispatch as never, undefined as never)
  // The list of an event is emptied after it.
  files.length = 0
  await taking
  clearInterval(counter)
  expect(parts.length).toBeGreaterThan(2)
  expect(parts.flat()).toEqual(Array.from({ length: 10 }, (_, number) => `${number}.jpg waiting`))
  expect(tasks).toBeGreaterThan(0)
})
