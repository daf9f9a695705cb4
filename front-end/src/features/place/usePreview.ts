import { useEffect, useState } from 'react'

import { beginSession } from '../../api/api'
import type { Problem } from '../../api/schema'
import { texts } from '../../texts'
import { isSomething, stampOf, toSettings, type Placement } from './placement'

/** After the last change. */
const PAUSE = 250
const KEPT = 24

export type Preview =
  | { state: 'none' | 'waiting' }
  | { state: 'shown'; url: string }
  | { state: 'failed'; reason: string }

/** Previews by what was asked for; the oldest come first. */
const kept = new Map<string, string>()

function keep(request: string, url: string) {
  kept.set(request, url)
  for (const [old, gone] of kept) {
    if (kept.size <= KEPT) break
    kept.delete(old)
    URL.revokeObjectURL(gone)
  }
}

async function ask(body: string, signal: AbortSignal): Promise<string> {
  const call = () =>
    fetch('/preview', { method: 'POST', body, signal, headers: { 'Content-Type': 'application/json' } })
  let answer = await call()
  if (answer.status === 401) {
    await beginSession()
    answer = await call()
  }
  if (!answer.ok) {
    const problem = (await answer.json().catch(() => ({}))) as Partial<Problem>
    throw new Error(problem.detail ?? texts.unknownFault)
  }
  return URL.createObjectURL(await answer.blob())
}

/** The stamped picture as the service makes it, a moment after the last change. */
export function usePreview(picture: string | undefined, placement: Placement, size: number): Preview {
  const wanted = picture !== undefined && isSomething(placement)
  const request = wanted
    ? JSON.stringify({ picture, stamp: stampOf(placement), settings: toSettings(placement), size })
    : undefined
  const [answer, setAnswer] = useState<{ request: string; preview: Preview }>()
  useEffect(() => {
    if (request === undefined || kept.has(request)) return
    const stop = new AbortController()
    const timer = setTimeout(() => {
      ask(request, stop.signal).then(
        (url) => {
          keep(request, url)
          setAnswer({ request, preview: { state: 'shown', url } })
        },
        (error: unknown) => {
          if (stop.signal.aborted) return
          const reason = error instanceof Error ? error.message : texts.unknownFault
          setAnswer({ request, preview: { state: 'failed', reason } })
        },
      )
    }, PAUSE)
    return () => {
      clearTimeout(timer)
      stop.abort()
    }
  }, [request])
  if (request === undefined) return { state: 'none' }
  const known = kept.get(request)
  if (known) return { state: 'shown', url: known }
  return answer?.request === request ? answer.preview : { state: 'waiting' }
}
