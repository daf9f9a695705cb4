import { expect, it } from 'vitest'

import { HISTORY, parse, STUDIO, toJob } from './route'

it('every address leads somewhere', () => {
  expect(parse(STUDIO)).toEqual({ at: 'studio' })
  expect(parse(HISTORY)).toEqual({ at: 'history' })
  expect(parse(toJob('job_1/2'))).toEqual({ at: 'job', id: 'job_1/2' })
  expect(parse('')).toEqual({ at: 'studio' })
  expect(parse('#/jobs/%E0%A4%A')).toEqual({ at: 'history' })
})
