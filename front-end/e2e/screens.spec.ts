import { join, resolve } from 'node:path'

import { expect, fixtures, shots, test } from './service'
import { add, areUploaded, isFinished, start } from './steps'

const photographs = ['seeding', 'sunset', 'life', 'fig', 'aitzgorri', 'picosdeeuropa', 'china', 'flower', 'brushes', 'rocket', 'friends', 'clock_motion']

/** README.md shows these two; `STAMPEDE_SCREENS=1` makes them anew where it finds them. */
const kept = process.env.STAMPEDE_SCREENS ? resolve(import.meta.dirname, '../screens') : shots

test('photographs look as they should', async ({ page }) => {
  await page.goto('/')
  const png = ['clock_motion']
  await add(page, photographs.map((name) => join(fixtures, 'pictures', `${name}.${png.includes(name) ? 'png' : 'jpg'}`)))
  await areUploaded(page, photographs.length)
  await page.getByLabel('Size, exactly').fill('18')
  await page.getByLabel('Rotation, exactly').fill('-8')
  await expect(page.getByText('Exactly as it will be.')).toBeVisible()
  await page.screenshot({ path: join(kept, 'studio.png') })
  await start(page)
  await isFinished(page, `${photographs.length} pictures stamped`)
  // Until all that is in sight has been drawn.
  await page.waitForFunction(() => [...document.images].every((image) => image.complete && image.naturalWidth > 0))
  await page.screenshot({ path: join(kept, 'job.png') })
})
