import AxeBuilder from '@axe-core/playwright'
import type { Page } from '@playwright/test'

import { expect } from './service'

/** Adds files by the system's dialog, and waits until the service has them. */
export async function add(page: Page, files: string[] | { name: string; mimeType: string; buffer: Buffer }[]) {
  await page.getByLabel('Add pictures').and(page.locator('input')).setInputFiles(files)
}

export async function areUploaded(page: Page, count: number) {
  await expect(page.getByRole('button', { name: `Stamp ${count} picture${count === 1 ? '' : 's'}` })).toBeEnabled({ timeout: 60_000 })
}

export async function start(page: Page) {
  await page.getByRole('button', { name: /^Stamp \d/ }).click()
  await expect(page).toHaveURL(/#\/jobs\/job_/)
}

export async function isFinished(page: Page, title: string | RegExp) {
  await expect(page.getByRole('heading', { level: 1, name: title })).toBeVisible({ timeout: 60_000 })
}

/** axe-core finds nothing to object to. */
export async function isAccessible(page: Page) {
  const { violations } = await new AxeBuilder({ page }).analyze()
  const told = violations.map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.html).join(' | ')}`)
  expect(told).toEqual([])
}

/** Where two pictures of one size differ: shares of width and height, or nothing. */
export async function difference(page: Page, before: Buffer, after: Buffer) {
  const urls = [before, after].map((picture) => `data:application/octet-stream;base64,${picture.toString('base64')}`)
  // A page of its own: the site's policy lets no such address through.
  const blank = await page.context().newPage()
  const found = await blank.evaluate(async (urls) => {
    const pixels = async (url: string) => {
      const bitmap = await createImageBitmap(await (await fetch(url)).blob())
      const canvas = new OffscreenCanvas(bitmap.width, bitmap.height)
      const context = canvas.getContext('2d')
      if (!context) throw new Error('no canvas')
      context.drawImage(bitmap, 0, 0)
      return context.getImageData(0, 0, bitmap.width, bitmap.height)
    }
    const [before, after] = await Promise.all(urls.map(pixels))
    if (!before || !after || before.width !== after.width || before.height !== after.height) throw new Error('other size')
    let [left, top, right, bottom] = [Infinity, Infinity, -Infinity, -Infinity]
    before.data.forEach((value, index) => {
      if (Math.abs(value - (after.data[index] ?? 0)) < 24) return
      const [x, y] = [(index >> 2) % before.width, Math.floor((index >> 2) / before.width)]
      ;[left, top, right, bottom] = [Math.min(left, x), Math.min(top, y), Math.max(right, x + 1), Math.max(bottom, y + 1)]
    })
    const { width, height } = before
    return right < left ? undefined : { left: left / width, top: top / height, right: right / width, bottom: bottom / height }
  }, urls)
  await blank.close()
  return found
}
