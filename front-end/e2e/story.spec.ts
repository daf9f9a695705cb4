import { readFileSync } from 'node:fs'

import { unzipSync } from 'fflate'

import { expect, shots, test, variant } from './service'
import { add, areUploaded, difference, isAccessible, isFinished, start } from './steps'

const names = ['baseline-420.jpg', 'progressive-420.jpg', 'png8-rgb.png'] as const

test('pictures are uploaded, stamped where the stamp was put, and downloaded', async ({ page }) => {
  await page.goto('/')
  await expect(page.getByRole('heading', { name: 'Stamp pictures' })).toBeVisible()
  await isAccessible(page)
  await page.screenshot({ path: `${shots}/empty.png` })

  await add(page, names.map(variant))
  await areUploaded(page, 3)
  await page.getByRole('radio', { name: 'Badge', exact: true }).check()
  await page.getByRole('radio', { name: 'Top left' }).check()
  await page.getByLabel('Size, exactly').fill('40')
  await page.getByLabel('Margin, exactly').fill('5')
  await expect(page.getByText('Exactly as it will be.')).toBeVisible()
  await isAccessible(page)
  await page.screenshot({ path: `${shots}/story-studio.png` })

  await start(page)
  await isFinished(page, '3 pictures stamped')
  await expect(page.getByText('Live', { exact: true })).toBeVisible()
  await expect(page.getByRole('article', { name: /: Done$/ })).toHaveCount(3)
  await isAccessible(page)
  await page.screenshot({ path: `${shots}/story-job.png` })

  const single = page.waitForEvent('download')
  await page.getByRole('link', { name: `Download ${names[0]}` }).click()
  const one = readFileSync(await (await single).path())
  await page.getByRole('button', { name: 'Download 3 pictures as a ZIP' }).click()
  const zipped = page.waitForEvent('download')
  await page.getByRole('link', { name: /^Download the ZIP/ }).click()
  const archive = unzipSync(readFileSync(await (await zipped).path()))
  expect(Object.keys(archive).sort()).toEqual([...names].sort())
  for (const name of names) {
    const stamped = Buffer.from(archive[name] ?? [])
    const where = await difference(page, readFileSync(variant(name)), stamped)
    if (!where) throw new Error(`${name} bears no stamp`)
    const { left, top, right, bottom } = where
    // A badge of 40 % at the top left, 5 % of the shorter side from the edges; blocks may spread by 16 pixels.
    expect(left, name).toBeLessThan(0.1)
    expect(top, name).toBeLessThan(0.12)
    expect(right, name).toBeLessThan(0.52)
    expect(right - left, name).toBeGreaterThan(0.3)
    expect(bottom, name).toBeLessThan(0.75)
  }
  expect(Buffer.from(archive[names[0]] ?? [])).toEqual(one)

  await page.getByRole('button', { name: `Compare ${names[0]} before and after` }).click()
  const dialog = page.getByRole('dialog', { name: names[0] })
  await expect(dialog).toBeVisible()
  await dialog.getByLabel('Edge between before and after').fill('25')
  await isAccessible(page)
  await page.screenshot({ path: `${shots}/compare.png` })
  await page.keyboard.press('Escape')
  await expect(dialog).toBeHidden()

  await page.getByRole('link', { name: 'History' }).click()
  await expect(page.getByRole('link', { name: /3 pictures/ })).toBeVisible()
  await isAccessible(page)
  await page.screenshot({ path: `${shots}/history.png` })
  await page.reload()
  await page.getByRole('link', { name: /3 pictures/ }).click()
  await isFinished(page, '3 pictures stamped')
})

test('a stamp is dragged, turned and moved by keys, and the server puts it there', async ({ page }) => {
  await page.goto('/')
  await add(page, [variant('baseline-420.jpg')])
  await areUploaded(page, 1)
  await page.getByLabel('Size, exactly').fill('30')
  const box = page.getByRole('group', { name: 'Place of the stamp' })
  const stage = page.locator('.picture')
  const [from, area] = [await box.boundingBox(), await stage.boundingBox()]
  if (!from || !area) throw new Error('nothing is on the stage')
  await page.mouse.move(from.x + from.width / 2, from.y + from.height / 2)
  await page.mouse.down()
  await page.mouse.move(area.x + area.width / 4, area.y + area.height / 4, { steps: 8 })
  await page.mouse.up()
  await expect(page.getByRole('radio', { name: 'Bottom right' })).not.toBeChecked()
  const left = page.getByLabel('Left, %')
  await expect.poll(async () => Math.abs(Number(await left.inputValue()) - (25 - 15))).toBeLessThan(1)
  await box.focus()
  const before = Number(await left.inputValue())
  for (let press = 0; press < 4; press += 1) await page.keyboard.press('Shift+ArrowRight')
  await expect.poll(async () => Number(await left.inputValue())).toBeGreaterThan(before + 10)
  await page.keyboard.press(']')
  await expect(page.getByLabel('Rotation, exactly')).toHaveValue('5')
  await page.keyboard.press('[')
  await expect(page.getByText('Exactly as it will be.')).toBeVisible()

  const share = Number(await left.inputValue()) / 100
  const top = Number(await page.getByLabel('Top, %').inputValue()) / 100
  await start(page)
  await isFinished(page, '1 picture stamped')
  const download = page.waitForEvent('download')
  await page.getByRole('link', { name: 'Download baseline-420.jpg' }).click()
  const stamped = readFileSync(await (await download).path())
  const where = await difference(page, readFileSync(variant('baseline-420.jpg')), stamped)
  if (!where) throw new Error('there is no stamp')
  // Within a block of JPEG.
  expect(Math.abs(where.left - share)).toBeLessThan(0.08)
  expect(Math.abs(where.top - top)).toBeLessThan(0.1)
  expect(Math.abs(where.right - share - 0.3)).toBeLessThan(0.08)
})

test('a corner sizes the stamp and the handle above it turns it', async ({ page }) => {
  await page.goto('/')
  await add(page, [variant('baseline-420.jpg')])
  await areUploaded(page, 1)
  await page.getByRole('radio', { name: 'Centre' }).check()
  const size = page.getByLabel('Size, exactly')
  const rotation = page.getByLabel('Rotation, exactly')
  const box = page.getByRole('group', { name: 'Place of the stamp' })
  const at = await box.boundingBox()
  if (!at) throw new Error('nothing is on the stage')
  const [x, y] = [at.x + at.width / 2, at.y + at.height / 2]
  const drag = async (fromX: number, fromY: number, toX: number, toY: number) => {
    await page.mouse.move(fromX, fromY)
    await page.mouse.down()
    await page.mouse.move(toX, toY, { steps: 6 })
    await page.mouse.up()
  }
  await drag(at.x + at.width, at.y + at.height, x + at.width, y + at.height)
  // Twice as far from its middle: twice as wide.
  await expect.poll(async () => Math.abs(Number(await size.inputValue()) - 40)).toBeLessThan(2)
  await drag(x, y - at.height - 24, x + 200, y)
  await expect.poll(async () => Math.abs(Number(await rotation.inputValue()) - 90)).toBeLessThan(3)
  await expect(page.getByText('Exactly as it will be.')).toBeVisible()
})

test('a text and a stamp of one’s own are put on, and presets are remembered', async ({ page }) => {
  await page.goto('/')
  await add(page, [variant('baseline-420.jpg')])
  await areUploaded(page, 1)
  const own = page.getByLabel('Your own…').and(page.locator('input'))
  const svg = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 20 10"><rect width="20" height="10" fill="#c00"/></svg>'
  await own.setInputFiles({ name: 'red.svg', mimeType: 'image/svg+xml', buffer: Buffer.from(svg) })
  await expect(page.getByRole('radio', { name: 'red.svg' })).toBeChecked()
  await own.setInputFiles({ name: 'broken.svg', mimeType: 'image/svg+xml', buffer: Buffer.from('<svg') })
  await expect(page.getByText(/broken.svg cannot be used as a stamp/)).toBeVisible()

  await page.getByRole('radio', { name: 'Text', exact: true }).check()
  await expect(page.getByText('Type the text to put on.')).toBeVisible()
  await page.getByRole('textbox', { name: 'Text' }).fill('© {year} Stampede')
  await page.getByLabel('Repeat over the whole picture').check()
  await page.getByLabel('Blend mode').selectOption('Screen')
  await page.getByLabel('Opacity, exactly').fill('0.5')
  await expect(page.getByText('Exactly as it will be.')).toBeVisible()
  await isAccessible(page)
  await page.getByPlaceholder('Name', { exact: true }).fill('mine')
  await page.getByRole('button', { name: 'Keep' }).click()
  await page.getByLabel('Blend mode').selectOption('Normal')
  await page.reload()
  await areUploaded(page, 1)
  await page.getByRole('button', { name: 'mine', exact: true }).click()
  await expect(page.getByLabel('Blend mode')).toHaveValue('screen')
  await expect(page.getByRole('textbox', { name: 'Text' })).toHaveValue('© {year} Stampede')
  await start(page)
  await isFinished(page, '1 picture stamped')
})

test('what is deleted can be had back', async ({ page }) => {
  await page.goto('/')
  await add(page, [variant('baseline-420.jpg'), variant('png8-rgb.png')])
  await areUploaded(page, 2)
  await page.getByRole('button', { name: 'Remove png8-rgb.png' }).click()
  await areUploaded(page, 1)
  await page.getByRole('button', { name: 'Undo' }).click()
  await areUploaded(page, 2)
  await start(page)
  await isFinished(page, '2 pictures stamped')
  // A job's pictures are those of the tray.
  await page.getByRole('button', { name: 'Delete pictures' }).click()
  await page.getByRole('link', { name: 'Stamp more' }).click()
  await expect(page.getByText(/^Drop pictures or folders anywhere/)).toBeVisible()
  await page.getByRole('button', { name: 'Undo' }).click()
  await areUploaded(page, 2)
})
