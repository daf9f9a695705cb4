import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer, type AddressInfo, type Server, type Socket, connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'

import { test as plain } from '@playwright/test'

export const fixtures = resolve(import.meta.dirname, '../../fixtures')
export const variant = (name: string) => join(fixtures, 'pictures/variants', name)
/** Where screenshots are kept; not under version control. */
export const shots = resolve(import.meta.dirname, 'results/screens')

const program = process.env.STAMPEDE ?? resolve(import.meta.dirname, '../../target/release/stampede')
const site = resolve(import.meta.dirname, '../dist')

/** The real service, and a line to it that can be cut; or one that runs elsewhere, at `STAMPEDE_URL`. */
export interface Service {
  url: string
  /** Ends all live connections, and lets no more through until `restore`. */
  cut: () => void
  restore: () => void
}

/** Stands between the browser and the service, and passes on what is said. */
class Line {
  private isCut = false
  private readonly live = new Set<Socket>()

  constructor(private readonly port: number) {}

  listen(): Promise<Server> {
    const server = createServer((client) => {
      client.on('error', () => client.destroy())
      client.once('data', (first: Buffer) => {
        const isLive = first.toString('latin1').startsWith('GET /app/')
        if (isLive && this.isCut) {
          client.destroy()
          return
        }
        const service = connect(this.port, '127.0.0.1')
        service.on('error', () => client.destroy())
        service.on('close', () => client.destroy())
        client.on('close', () => {
          this.live.delete(client)
          service.destroy()
        })
        if (isLive) this.live.add(client)
        service.write(first)
        client.pipe(service).pipe(client)
      })
    })
    return new Promise((done) => server.listen(0, '127.0.0.1', () => done(server)))
  }

  cut() {
    this.isCut = true
    for (const socket of this.live) socket.destroy()
  }

  restore() {
    this.isCut = false
  }
}

async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  const { port } = server.address() as AddressInfo
  await new Promise((done) => server.close(done))
  return port
}

export const test = plain.extend<object, { service: Service }>({
  service: [
    // eslint-disable-next-line no-empty-pattern -- Playwright reads what a fixture needs off its pattern.
    async ({}, use) => {
      const elsewhere = process.env.STAMPEDE_URL
      if (elsewhere) {
        const nothing = () => undefined
        await use({ url: elsewhere, cut: nothing, restore: nothing })
        return
      }
      const data = mkdtempSync(join(tmpdir(), 'stampede-e2e-'))
      const port = await freePort()
      const line = new Line(port)
      const server = await line.listen()
      const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
      const options = ['--data', data, '--address', `127.0.0.1:${port}`, '--public-url', url, '--site', site, '--log', 'warn']
      const child = spawn(program, options, { stdio: ['ignore', 'ignore', 'inherit'] })
      const ended = new Promise((done) => child.once('exit', done))
      const isUp = () => fetch(`http://127.0.0.1:${port}/health`).then((answer) => answer.ok, () => false)
      while (!(await isUp())) {
        if (child.exitCode !== null) throw new Error(`${program} does not start`)
        await new Promise((done) => setTimeout(done, 20))
      }
      await use({ url, cut: () => line.cut(), restore: () => line.restore() })
      child.kill('SIGTERM')
      await ended
      server.close()
      rmSync(data, { recursive: true, force: true })
    },
    { scope: 'worker' },
  ],
  baseURL: async ({ service }, use) => use(service.url),
})

export { expect } from '@playwright/test'
