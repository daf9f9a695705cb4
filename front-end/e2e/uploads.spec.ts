import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

import type { Page } from '@playwright/test'

import { expect, test, variant } from './service'
import { add, areUploaded, isFinished, start } from './steps'

const picture = () => readFileSync(variant('baseline-420.jpg')).toString('base64')

/** Hands the page a file as a drop or a paste would. */
async function give(page: Page, how: 'drop' | 'paste') {
  await page.evaluate(
    ([how, base64]) => {
      const data = new DataTransfer()
      const bytes = Uint8Array.from(atob(base64 ?? ''), (letter) => letter.charCodeAt(0))
      data.items.add(new File([bytes], `${how}.jpg`, { type: 'image/jpeg' }))
      const event =
        how === 'drop'
          ? new DragEvent('drop', { dataTransfer: data, bubbles: true, cancelable: true })
          : new ClipboardEvent('paste', { clipboardData: data, bubbles: true, cancelable: true })
      document.body.dispatchEvent(event)
    },
    [how, picture()],
  )
}

test('pictures are dropped, pasted, and picked by the folder', async ({ page }, info) => {
  await page.goto('/')
  // Before the page is there, nobody can mean it.
  await expect(page.getByRole('button', { name: 'Add pictures' })).toBeVisible()
  await give(page, 'drop')
  await areUploaded(page, 1)
  await give(page, 'paste')
  await areUploaded(page, 2)
  const folder = info.outputPath('folder')
  mkdirSync(folder, { recursive: true })
  for (const name of ['a.jpg', 'b.jpg']) cpSync(variant('baseline-420.jpg'), join(folder, name))
  writeFileSync(join(folder, '.DS_Store'), 'what systems leave in folders')
  await page.getByLabel('Add a folder').and(page.locator('input')).setInputFiles(folder)
  await areUploaded(page, 4)
  // A thumbnail of each is there.
  const thumbnails = page.locator('.strip img')
  await expect(thumbnails).toHaveCount(4)
})

test('an upload that breaks off is sent again, and one that cannot be sent says so', async ({ page }) => {
  await page.goto('/')
  let broken = 0
  await page.route('**/store', (route) => {
    broken += 1
    return broken <= 2 ? route.abort('connectionreset') : route.continue()
  })
  await add(page, [variant('baseline-420.jpg')])
  await areUploaded(page, 1)
  expect(broken).toBe(3)

  await page.unroute('**/store')
  await page.route('**/store', (route) => route.abort('connectionreset'))
  await add(page, [variant('png8-rgb.png')])
  await expect(page.getByText('The upload broke off. Try again.')).toBeVisible({ timeout: 40_000 })
  await page.unroute('**/store')
  await page.getByRole('button', { name: 'Try again: png8-rgb.png' }).click()
  await areUploaded(page, 2)
})

test('an upload is cancelled, and nothing comes of it', async ({ page }) => {
  await page.goto('/')
  const held: (() => void)[] = []
  await page.route('**/store', (route) => {
    held.push(() => void route.continue().catch(() => undefined))
  })
  await add(page, [variant('baseline-420.jpg'), variant('png8-rgb.png')])
  await expect.poll(() => held.length).toBe(2)
  await page.getByRole('button', { name: 'Cancel the upload of png8-rgb.png' }).click()
  await expect(page.getByRole('button', { name: 'png8-rgb.png: cancelled. Show it' })).toBeVisible()
  held.forEach((go) => go())
  await areUploaded(page, 1)
  await start(page)
  await isFinished(page, '1 picture stamped')
})

test('all of it is done with the keyboard alone', async ({ page }) => {
  const tabTo = async (name: RegExp | string) => {
    for (let presses = 0; presses < 80; presses += 1) {
      await page.keyboard.press('Tab')
      const focused = page.locator(':focus')
      if ((await focused.and(page.getByRole('button', { name }).or(page.getByRole('radio', { name })).or(page.getByRole('group', { name })).or(page.getByRole('link', { name }))).count()) > 0) {
        // Where one is can be seen.
        expect(await focused.evaluate((element) => element.matches(':focus-visible'))).toBe(true)
        return
      }
    }
    throw new Error(`${name} is not reached`)
  }
  await page.goto('/')
  const chooser = page.waitForEvent('filechooser')
  await tabTo('Add pictures')
  await page.keyboard.press('Enter')
  await (await chooser).setFiles([variant('baseline-420.jpg')])
  await areUploaded(page, 1)
  await tabTo('Place of the stamp')
  await page.keyboard.press('Shift+ArrowLeft')
  await expect(page.getByLabel('Left, %')).toBeVisible()
  // Nothing is chosen of the nine, so that Tab comes to the first.
  await tabTo('Top left')
  await page.keyboard.press('ArrowDown')
  await expect(page.getByRole('radio', { name: 'Top', exact: true })).toBeChecked()
  await tabTo(/^Stamp 1 picture/)
  await page.keyboard.press('Enter')
  await isFinished(page, '1 picture stamped')
  await tabTo(/^Compare baseline/)
  await page.keyboard.press('Enter')
  // The dialog begins at its first link; its other button and the edge follow.
  await page.keyboard.press('Tab')
  await page.keyboard.press('Tab')
  const edge = page.getByLabel('Edge between before and after')
  await expect(edge).toBeFocused()
  await page.keyboard.press('Home')
  await expect(edge).toHaveValue('0')
  await page.keyboard.press('Escape')
  await expect(page.getByRole('dialog')).toBeHidden()
})
