import react from '@vitejs/plugin-react'
import { defineConfig } from 'vitest/config'

/** Where `stampede` listens; `npm run dev` hands everything but the site itself to it. */
const service = process.env.STAMPEDE_URL ?? 'http://127.0.0.1:8080'
const routes = ['/sessions', '/me', '/pictures', '/stamps', '/jobs', '/preview', '/events', '/live', '/store', '/openapi.json', '/docs']

export default defineConfig({
  plugins: [react()],
  server: {
    proxy: {
      ...Object.fromEntries(routes.map((route) => [route, { target: service, changeOrigin: false }])),
      '/app': { target: service, ws: true },
    },
  },
  build: {
    // The Content-Security-Policy has no place for data: in scripts and styles.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
  },
  test: { environment: 'happy-dom', include: ['src/**/*.test.ts', 'src/**/*.test.tsx'] },
})
