import { existsSync } from 'node:fs'

import { defineConfig, devices } from '@playwright/test'

/** The browser of the system: Playwright's own is not on every registry. */
const browsers = [process.env.CHROMIUM, '/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome']
const executablePath = browsers.find((path) => path && existsSync(path))

export default defineConfig({
  testDir: 'e2e',
  outputDir: 'e2e/results/runs',
  // Each worker has a service of its own, which stamps on all cores.
  workers: 1,
  timeout: 90_000,
  expect: { timeout: 20_000 },
  reporter: [['list']],
  forbidOnly: true,
  use: {
    ...devices['Desktop Chrome'],
    viewport: { width: 1280, height: 900 },
    trace: 'retain-on-failure',
    launchOptions: { ...(executablePath && { executablePath }), args: ['--no-sandbox'] },
  },
})
