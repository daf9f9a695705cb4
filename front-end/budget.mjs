// What a first visit downloads, as it is sent: the build fails when it grows beyond its budget.
import { readFileSync } from 'node:fs'
import { gzipSync } from 'node:zlib'

const BUDGET = { '.js': 150_000, '.css': 15_000 }

const html = readFileSync('dist/index.html', 'utf8')
if (/<script(?![^>]*\bsrc=)[^>]*>\s*\S/.test(html) || /\son\w+=/.test(html) || /<style/.test(html)) {
  console.error('budget: index.html has inline script or style, which the Content-Security-Policy forbids')
  process.exit(1)
}
const first = [...html.matchAll(/(?:src|href)="(\/assets\/[^"]+)"/g)].map((match) => match[1])
for (const [kind, most] of Object.entries(BUDGET)) {
  const files = first.filter((file) => file.endsWith(kind))
  const bytes = files.reduce((sum, file) => sum + gzipSync(readFileSync(`dist${file}`), { level: 9 }).length, 0)
  console.log(`budget: ${kind} ${bytes} of ${most} bytes, gzipped`)
  if (files.length === 0 || bytes > most) process.exit(1)
}
