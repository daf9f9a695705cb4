import { useSyncExternalStore } from 'react'

/** Where one is; behind `#`, so that a static host serves one file for all of them. */
export type Route = { at: 'studio' } | { at: 'history' } | { at: 'job'; id: string }

export const STUDIO = '#/'
export const HISTORY = '#/jobs'
export const toJob = (id: string) => `#/jobs/${encodeURIComponent(id)}`

export function parse(hash: string): Route {
  const [, root, id] = hash.replace(/^#/, '').split('/')
  if (root !== 'jobs') return { at: 'studio' }
  if (!id) return { at: 'history' }
  try {
    return { at: 'job', id: decodeURIComponent(id) }
  } catch {
    return { at: 'history' }
  }
}

function subscribe(changed: () => void) {
  window.addEventListener('hashchange', changed)
  return () => window.removeEventListener('hashchange', changed)
}

export function useRoute(): Route {
  return parse(useSyncExternalStore(subscribe, () => window.location.hash))
}

export function go(to: string) {
  window.location.hash = to
}
