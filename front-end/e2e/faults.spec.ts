import { readFileSync } from 'node:fs'

import { expect, shots, test, variant } from './service'
import { add, areUploaded, isAccessible, isFinished, start } from './steps'

test('what is no picture is refused before it is uploaded, with the reason', async ({ page }) => {
  await page.goto('/')
  let posts = 0
  page.on('request', (request) => (posts += request.method() === 'POST' && request.url().endsWith('/pictures') ? 1 : 0))
  await add(page, [
    { name: 'notes.txt', mimeType: 'text/plain', buffer: Buffer.from('hello') },
    { name: 'empty.jpg', mimeType: 'image/jpeg', buffer: Buffer.alloc(0) },
  ])
  await expect(page.getByText('2 files cannot be taken; the tray says why.')).toBeVisible()
  await expect(page.getByText(/^This is not a type that is taken/)).toBeVisible()
  await expect(page.getByText('The file is empty.')).toBeVisible()
  expect(posts).toBe(0)
  await isAccessible(page)
})

test('a picture that cannot be stamped fails alone, says why, and is tried again', async ({ page }) => {
  const whole = readFileSync(variant('baseline-420.jpg'))
  await page.goto('/')
  await add(page, [
    { name: 'torn.jpg', mimeType: 'image/jpeg', buffer: whole.subarray(0, whole.length / 2) },
    { name: 'whole.jpg', mimeType: 'image/jpeg', buffer: whole },
  ])
  await areUploaded(page, 2)
  await start(page)
  await isFinished(page, '1 of 2 pictures stamped')
  const torn = page.getByRole('article', { name: 'torn.jpg: Failed' })
  await expect(torn).toContainText('damaged JPEG')
  await isAccessible(page)
  await page.screenshot({ path: `${shots}/failed.png` })
  const retried = page.waitForResponse((answer) => answer.url().endsWith('/retry'))
  await torn.getByRole('button', { name: 'Try again: torn.jpg' }).click()
  expect((await retried).status()).toBe(200)
  await isFinished(page, '1 of 2 pictures stamped')
  await page.getByRole('button', { name: /^Failed/ }).click()
  await expect(page.getByRole('article')).toHaveCount(1)
})

test('progress goes on while the socket is down, and is live again when it is back', async ({ page, service }) => {
  await page.goto('/')
  await expect(page.getByText('Live', { exact: true })).toBeVisible()
  await add(page, Array.from({ length: 10 }, () => variant('baseline-420.jpg')))
  await areUploaded(page, 10)
  service.cut()
  await expect(page.getByText('Not live')).toBeVisible()
  await start(page)
  await isFinished(page, '10 pictures stamped')
  await expect(page.getByText('Not live')).toBeVisible()

  let polls = 0
  service.restore()
  await expect(page.getByText('Live', { exact: true })).toBeVisible({ timeout: 60_000 })
  page.on('request', (request) => (polls += request.url().includes('/events?') ? 1 : 0))
  await page.getByRole('link', { name: 'Stamp more' }).click()
  await start(page)
  await isFinished(page, '10 pictures stamped')
  // While it is connected, nobody asks again and again.
  expect(polls).toBeLessThanOrEqual(1)
})

test('a page that is loaded anew in the middle of a job shows it to its end', async ({ page }) => {
  await page.goto('/')
  await add(page, Array.from({ length: 40 }, () => variant('png8-rgb.png')))
  await areUploaded(page, 40)
  await start(page)
  await page.reload()
  await isFinished(page, '40 pictures stamped')
  await page.reload()
  await isFinished(page, '40 pictures stamped')
})

test('a new visitor is one, however late the answer that nobody is known yet', async ({ page }) => {
  let begun = 0
  page.on('request', (request) => (begun += request.method() === 'POST' && request.url().endsWith('/sessions') ? 1 : 0))
  const known = page.waitForResponse((answer) => answer.url().endsWith('/me') && answer.ok())
  const late = async () => {
    await known
    return { status: 401, contentType: 'application/problem+json', body: '{}' }
  }
  await page.route('**/stamps?*', async (route) => route.fulfill(await late()), { times: 1 })
  await page.goto('/')
  await Promise.all([
    page.waitForResponse((answer) => answer.url().includes('/stamps?') && answer.ok()),
    add(page, [variant('baseline-420.jpg')]),
  ])
  await areUploaded(page, 1)
  expect(begun).toBe(1)
})

test('two visitors never see each other’s pictures', async ({ page, browser, service }) => {
  await page.goto('/')
  await add(page, [variant('baseline-420.jpg')])
  await areUploaded(page, 1)
  await start(page)
  await isFinished(page, '1 picture stamped')
  const address = page.url()

  const other = await (await browser.newContext({ baseURL: service.url })).newPage()
  await other.goto(address)
  await expect(other.getByRole('heading', { name: 'There is no such job' })).toBeVisible()
  await isAccessible(other)
  await other.getByRole('link', { name: 'To the history' }).click()
  await expect(other.getByText('No pictures were stamped yet.')).toBeVisible()
  await isAccessible(other)
  await other.context().close()
})
