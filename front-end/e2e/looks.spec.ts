import { devices } from '@playwright/test'

import { expect, shots, test, variant } from './service'
import { add, areUploaded, isAccessible, isFinished, start } from './steps'

test('a telephone shows all of it, without scrolling sideways', async ({ browser, service }) => {
  const { userAgent, deviceScaleFactor } = devices['Pixel 7']
  const context = await browser.newContext({
    baseURL: service.url,
    viewport: { width: 360, height: 740 },
    isMobile: true,
    hasTouch: true,
    userAgent,
    deviceScaleFactor,
  })
  const page = await context.newPage()
  const fits = async () => {
    const { scroll, client } = await page.evaluate(() => ({
      scroll: document.documentElement.scrollWidth,
      client: document.documentElement.clientWidth,
    }))
    expect(scroll).toBeLessThanOrEqual(client)
  }
  await page.goto('/')
  await fits()
  await add(page, [variant('baseline-420.jpg'), variant('png8-rgb.png')])
  await areUploaded(page, 2)
  await fits()
  await isAccessible(page)
  await expect(page.getByText('Exactly as it will be.')).toBeVisible()
  await page.screenshot({ path: `${shots}/mobile-studio.png` })
  // A finger drags it.
  const box = await page.getByRole('group', { name: 'Place of the stamp' }).boundingBox()
  if (!box) throw new Error('there is no stamp on the stage')
  const session = await context.newCDPSession(page)
  const [x, y] = [box.x + box.width / 2, box.y + box.height / 2]
  await session.send('Input.dispatchTouchEvent', { type: 'touchStart', touchPoints: [{ x, y }] })
  for (const step of [20, 40, 60]) {
    await session.send('Input.dispatchTouchEvent', { type: 'touchMove', touchPoints: [{ x: x - step, y: y - step }] })
  }
  await session.send('Input.dispatchTouchEvent', { type: 'touchEnd', touchPoints: [] })
  const off = async () => {
    const moved = await page.getByRole('group', { name: 'Place of the stamp' }).boundingBox()
    return Math.hypot((moved?.x ?? 0) - (box.x - 60), (moved?.y ?? 0) - (box.y - 60))
  }
  await expect.poll(off).toBeLessThan(4)
  await start(page)
  await isFinished(page, '2 pictures stamped')
  await fits()
  await isAccessible(page)
  await page.screenshot({ path: `${shots}/mobile-job.png` })
  await context.close()
})

test('the dark theme is as legible, follows the system, and is remembered', async ({ browser, service }) => {
  const context = await browser.newContext({ baseURL: service.url, colorScheme: 'dark', viewport: { width: 1280, height: 900 } })
  const page = await context.newPage()
  const ground = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor)
  await page.goto('/')
  const dark = await ground()
  await isAccessible(page)
  await add(page, [variant('baseline-420.jpg')])
  await areUploaded(page, 1)
  await expect(page.getByText('Exactly as it will be.')).toBeVisible()
  await isAccessible(page)
  await page.screenshot({ path: `${shots}/dark-studio.png` })
  await start(page)
  await isFinished(page, '1 picture stamped')
  await isAccessible(page)
  await page.screenshot({ path: `${shots}/dark-job.png` })
  await page.getByRole('button', { name: 'Theme: System. Change' }).click()
  const light = await ground()
  expect(light).not.toBe(dark)
  await page.reload()
  expect(await ground()).toBe(light)
  await page.getByRole('button', { name: 'Theme: Light. Change' }).click()
  expect(await ground()).toBe(dark)
  await context.close()
})

test('a very large screen is used', async ({ page }) => {
  await page.setViewportSize({ width: 3840, height: 2160 })
  await page.goto('/')
  await add(page, [variant('baseline-420.jpg')])
  await areUploaded(page, 1)
  await isAccessible(page)
  await page.screenshot({ path: `${shots}/large-studio.png` })
})

test('the page runs under the strict policy it is served with', async ({ page, request }) => {
  const answer = await request.get('/')
  const policy = answer.headers()['content-security-policy'] ?? ''
  expect(policy).toContain("default-src 'none'")
  expect(policy).not.toMatch(/unsafe|data:/)
  const broken: string[] = []
  page.on('console', (message) => message.type() === 'error' && broken.push(message.text()))
  page.on('pageerror', (error) => broken.push(error.message))
  await page.goto('/')
  await add(page, [variant('baseline-420.jpg')])
  await areUploaded(page, 1)
  await expect(page.getByText('Exactly as it will be.')).toBeVisible()
  // The first question finds no session, and begins one.
  expect(broken.filter((line) => !line.includes('401'))).toEqual([])
})
