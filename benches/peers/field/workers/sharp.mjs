// sharp, which is libvips with its own codecs. One picture after another on one core; on all cores, as many at a time as
// there are.
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { basename, extname, join } from 'node:path'

const sharp = createRequire(process.env.SHARP_FOLDER + '/')('sharp')
const job = JSON.parse(readFileSync(process.argv[2], 'utf8'))
sharp.concurrency(1)
sharp.cache(false)
const stamp = readFileSync(job.stamp)
const layers = job.places.map(([left, top]) => ({ input: stamp, left, top }))
const encode = {
  jpg: (picture) => picture.jpeg({ quality: 85, chromaSubsampling: '4:2:0' }),
  png: (picture) => picture.png(),
  webp: (picture) => picture.webp({ quality: 80 }),
}[job.format]

async function work(files) {
  for (let file = files.shift(); file; file = files.shift()) {
    const name = basename(file, extname(file))
    await encode(sharp(file).composite(layers)).toFile(join(job.out, `${name}.${job.format}`))
  }
}
const files = [...job.files]
await Promise.all(Array.from({ length: job.threads }, () => work(files)))
