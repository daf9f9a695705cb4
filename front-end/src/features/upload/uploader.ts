import { nanoid } from '@reduxjs/toolkit'

import { api, told } from '../../api/api'
import type { UploadForm, Uploaded } from '../../api/schema'
import type { Dispatch, State } from '../../app/store'
import { texts } from '../../texts'
import { said } from '../notices/notices'
import { nameOf, refusal, typeOf } from './check'
import { Refused, send } from './send'
import { added, again, announced, cancelled, looked, moved, removed, type Upload } from './uploads'

/** Files on their way side by side: browsers open six connections to a host, and others want some. */
const AT_ONCE = 4
/** Of one request to the API. */
const MOST = 100
/** Pauses before a file is sent again, in milliseconds. */
const PAUSES = [500, 2_000, 8_000]
/** Work between two frames, in milliseconds. */
const SLICE = 10
/** Files that have just arrived are looked at together. */
const GATHER = 150

type Thunk<T = void> = (dispatch: Dispatch, state: () => State) => T

/** What cannot be kept in the store: files, and how to stop what is under way. */
const files = new Map<string, File>()
const forms = new Map<string, UploadForm>()
const stops = new Map<string, AbortController>()

export const fileOf = (key: string) => files.get(key)

/** A file as it is first seen: waiting, or refused. */
function taken(file: File): Upload {
  const reason = refusal(file)
  const key = nanoid()
  if (!reason) files.set(key, file)
  return {
    key,
    name: nameOf(file.name),
    bytes: file.size,
    type: typeOf(file),
    sent: 0,
    ...(reason ? { state: 'refused', reason } : { state: 'waiting' }),
  }
}

export const addFiles =
  (picked: Iterable<File>): Thunk<Promise<void>> =>
  async (dispatch) => {
    // Lists that come with an event may be emptied after it.
    const waiting = [...picked]
    let refused = 0
    while (waiting.length > 0) {
      const uploads: Upload[] = []
      // Browsers ask the system for a file's size only now, and wait for the answer.
      const until = performance.now() + SLICE
      for (let file; performance.now() < until && (file = waiting.shift()); ) uploads.push(taken(file))
      refused += uploads.filter((upload) => upload.state === 'refused').length
      dispatch(added(uploads))
      void dispatch(announce())
      if (waiting.length > 0) await new Promise((resolve) => setTimeout(resolve))
    }
    if (refused > 0) dispatch(said(texts.filesRefused(refused), { kind: 'fault' }))
  }

let announcing = false

/** Asks for forms for all that waits, and sends what has one. */
const announce = (): Thunk<Promise<void>> => async (dispatch, state) => {
  if (announcing) return
  announcing = true
  try {
    for (;;) {
      const isNew = (upload: Upload) => upload.state === 'waiting' && !forms.has(upload.key)
      const waiting = state().uploads.all.filter(isNew).slice(0, MOST)
      if (waiting.length === 0) break
      const wanted = waiting.map(({ name, bytes, type }) => ({ name, bytes, type }))
      try {
        const { pictures } = await dispatch(api.endpoints.announce.initiate(wanted)).unwrap()
        const allowed = waiting.flatMap(({ key }, index) => (pictures[index] ? [{ key, ...pictures[index] }] : []))
        for (const { key, upload } of allowed) forms.set(key, upload)
        dispatch(announced(Object.fromEntries(allowed.map(({ key, id }) => [key, id]))))
        // Without a form it would be asked for again and again.
        if (allowed.length < waiting.length) throw new Error(texts.unknownFault)
      } catch (error) {
        const without = waiting.filter(({ key }) => !forms.has(key))
        for (const { key } of without) dispatch(moved({ key, state: 'failed', reason: told(error) }))
      }
      dispatch(pump())
    }
  } finally {
    announcing = false
  }
}

/** Sends what has a form, as long as there is room. */
const pump = (): Thunk => (dispatch, state) => {
  for (const upload of state().uploads.all) {
    if (stops.size >= AT_ONCE) return
    const [form, file] = [forms.get(upload.key), files.get(upload.key)]
    if (upload.state !== 'waiting' || !form || !file || stops.has(upload.key)) continue
    const stop = new AbortController()
    stops.set(upload.key, stop)
    void dispatch(sendOne(upload.key, form, file, stop.signal)).finally(() => {
      stops.delete(upload.key)
      dispatch(pump())
    })
  }
}

const sendOne =
  (key: string, form: UploadForm, file: File, signal: AbortSignal): Thunk<Promise<void>> =>
  async (dispatch) => {
    dispatch(moved({ key, state: 'sending', sent: 0 }))
    for (let attempt = 0; ; attempt += 1) {
      try {
        await send(form, file, (sent) => dispatch(moved({ key, sent })), signal)
        forms.delete(key)
        dispatch(moved({ key, state: 'checking', sent: file.size }))
        dispatch(look())
        return
      } catch (error) {
        if (signal.aborted) return
        const pause = PAUSES[attempt]
        const passing = error instanceof Refused && error.passing
        if (!passing || pause === undefined) {
          // Another attempt needs another form: this one may have expired.
          forms.delete(key)
          const reason = (error instanceof Error && error.message) || texts.uploadFailed
          dispatch(moved({ key, state: 'failed', reason }))
          return
        }
        await new Promise((resolve) => setTimeout(resolve, pause))
      }
    }
  }

let looking: ReturnType<typeof setTimeout> | undefined

/** Has the service look at what has arrived. */
const look = (): Thunk => (dispatch, state) => {
  looking ??= setTimeout(() => {
    void (async () => {
      const arrived = state().uploads.all.filter((upload) => upload.state === 'checking')
      const ids = arrived.flatMap((upload) => upload.picture ?? []).slice(0, MOST)
      if (ids.length === 0) return
      try {
        const { uploads } = await dispatch(api.endpoints.confirm.initiate(ids)).unwrap()
        dispatch(looked(uploads))
      } catch (error) {
        for (const { key, picture } of arrived) {
          if (picture && ids.includes(picture)) dispatch(moved({ key, state: 'failed', reason: told(error) }))
        }
      }
    })().finally(() => {
      looking = undefined
      // More may have arrived meanwhile.
      if (state().uploads.all.some((upload) => upload.state === 'checking')) dispatch(look())
    })
  }, GATHER)
}

export const cancel =
  (key: string): Thunk =>
  (dispatch) => {
    dispatch(cancelled(key))
    stops.get(key)?.abort()
    forms.delete(key)
  }

export const retry =
  (key: string): Thunk =>
  (dispatch) => {
    forms.delete(key)
    dispatch(again(key))
    void dispatch(announce())
  }

const inParts = <T,>(all: T[]): T[][] =>
  Array.from({ length: Math.ceil(all.length / MOST) }, (_, part) => all.slice(part * MOST, (part + 1) * MOST))

/** Takes pictures off the tray; what is in the store is deleted, and can be had back. */
export const remove =
  (keys: string[]): Thunk<Promise<void>> =>
  async (dispatch, state) => {
    const gone = state().uploads.all.filter((upload) => keys.includes(upload.key))
    gone.forEach(({ key }) => dispatch(cancel(key)))
    const ids = gone.flatMap((upload) => (upload.state === 'ready' ? (upload.picture ?? []) : []))
    dispatch(removed(keys))
    await dispatch(deletePictures(ids))
  }

export const deletePictures =
  (ids: string[]): Thunk<Promise<void>> =>
  async (dispatch, state) => {
    if (ids.length === 0) return
    const onTray = state().uploads.all.filter(({ picture }) => picture && ids.includes(picture))
    dispatch(removed(onTray.map((upload) => upload.key)))
    try {
      for (const part of inParts(ids)) await dispatch(api.endpoints.deletePictures.initiate(part)).unwrap()
      dispatch(said(texts.deleted(ids.length), { undo: { what: 'pictures', ids } }))
    } catch (error) {
      dispatch(said(told(error), { kind: 'fault' }))
    }
  }

export const restore =
  (ids: string[]): Thunk<Promise<void>> =>
  async (dispatch, state) => {
    try {
      const uploads: Uploaded[] = []
      for (const part of inParts(ids)) {
        await dispatch(api.endpoints.restorePictures.initiate(part)).unwrap()
        uploads.push(...(await dispatch(api.endpoints.confirm.initiate(part)).unwrap()).uploads)
      }
      const known = new Set(state().uploads.all.map((upload) => upload.picture))
      const back = uploads.filter((uploaded) => !known.has(uploaded.id) && uploaded.state === 'ready')
      dispatch(
        added(
          back.map(({ id, name, bytes, type, width, height }) => ({
            key: nanoid(),
            picture: id,
            state: 'ready' as const,
            sent: bytes,
            name,
            bytes,
            type,
            ...(width && height ? { width, height } : {}),
          })),
        ),
      )
      dispatch(said(texts.restored(ids.length)))
    } catch (error) {
      dispatch(said(told(error), { kind: 'fault' }))
    }
  }
