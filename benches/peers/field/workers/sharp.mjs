// sharp, which is libvips with codecs of its choice. A picture at a time on one core; on several, as many at a time as
// there are, each on one thread, which is what its documentation advises for throughput.
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { basename, extname, join } from 'node:path'

const here = new URL('../sharp/', import.meta.url)
const sharp = createRequire(here)('sharp')
if (process.argv[2] === '--version') {
  console.log(`${sharp.versions.sharp}, libvips ${sharp.versions.vips}, Node.js ${process.versions.node}`)
  process.exit()
}
const task = JSON.parse(readFileSync(process.argv[2], 'utf8'))
sharp.concurrency(1)
sharp.cache(false)
const stamp = readFileSync(task.stamp)
const [left, top] = task.places[0]
const layer = task.tiled ? { input: stamp, tile: true, gravity: 'northwest' } : { input: stamp, left, top }
const encode = {
  jpg: (picture) => picture.jpeg({ quality: 85, chromaSubsampling: '4:2:0', optimiseCoding: false }),
  // Without filters its files are half as large again, at any level.
  png: (picture) => picture.png(task.quick ? { compressionLevel: 2, adaptiveFiltering: true } : {}),
  webp: (picture) => picture.webp({ quality: 80, effort: 2 }),
}[task.target]

async function work(files) {
  for (let file = files.shift(); file; file = files.shift()) {
    const result = join(task.out, `${basename(file, extname(file))}.${task.target}`)
    await encode(sharp(file).composite([layer])).toFile(result)
  }
}
const files = [...task.files]
await Promise.all(Array.from({ length: task.cores }, () => work(files)))
