import { createSlice, original, type PayloadAction } from '@reduxjs/toolkit'

import type { Uploaded } from '../../api/schema'
import { read, write } from '../../app/storage'
import { texts } from '../../texts'

export type UploadState = 'waiting' | 'sending' | 'checking' | 'ready' | 'refused' | 'failed' | 'cancelled'

/** A picture on its way to the store, or there. */
export interface Upload {
  /** The browser's own name for it. */
  key: string
  name: string
  bytes: number
  type: string
  state: UploadState
  /** Bytes that have arrived. */
  sent: number
  /** Why it was refused, or failed. */
  reason?: string
  /** What the service calls it. */
  picture?: string
  width?: number
  height?: number
}

export interface Uploads {
  /** In the order in which they were added. */
  all: Upload[]
  /** The one on the stage. */
  chosen?: string
}

const KEY = 'stampede.tray'

/** Pictures that are there outlive a reload; what was on its way has to be picked again. */
function remembered(): Uploads {
  const all = read(KEY, sessionStorage) as Upload[] | undefined
  return all?.[0] ? { all, chosen: all[0].key } : { all: [] }
}

/** The one of that key, to be changed: looking for it makes no draft of all others. */
function find(state: Uploads, key: string): Upload | undefined {
  return state.all[original(state.all).findIndex((upload) => upload.key === key)]
}

export const uploads = createSlice({
  name: 'uploads',
  initialState: remembered,
  reducers: {
    added(state, { payload }: PayloadAction<Upload[]>) {
      state.all.push(...payload)
      const first = payload.find((upload) => upload.state !== 'refused')
      if (state.chosen === undefined && first) state.chosen = first.key
    },
    /** The service's names for pictures, by their keys. */
    announced(state, { payload }: PayloadAction<Record<string, string>>) {
      for (const upload of state.all) {
        const picture = payload[upload.key]
        if (picture && upload.state === 'waiting') upload.picture = picture
      }
    },
    moved(state, { payload }: PayloadAction<{ key: string } & Partial<Upload>>) {
      const upload = find(state, payload.key)
      // What was given up stays so, whatever arrives later.
      if (upload && upload.state !== 'cancelled') Object.assign(upload, payload)
    },
    looked(state, { payload }: PayloadAction<Uploaded[]>) {
      const found = new Map(payload.map((uploaded) => [uploaded.id, uploaded]))
      for (const upload of state.all) {
        const now = upload.picture && found.get(upload.picture)
        if (!now || upload.state !== 'checking') continue
        if (now.state === 'ready') {
          Object.assign(upload, { state: 'ready', sent: upload.bytes, width: now.width, height: now.height })
        } else if (now.state === 'refused') {
          Object.assign(upload, { state: 'refused', reason: now.reason })
        } else {
          // It was sent, and did not arrive.
          Object.assign(upload, { state: 'failed', reason: texts.uploadFailed })
        }
      }
    },
    chosen(state, { payload }: PayloadAction<string>) {
      state.chosen = payload
    },
    removed(state, { payload }: PayloadAction<string[]>) {
      const gone = new Set(payload)
      const at = state.all.findIndex((upload) => upload.key === state.chosen)
      state.all = state.all.filter((upload) => !gone.has(upload.key))
      if (state.chosen && gone.has(state.chosen)) {
        const next = state.all[Math.min(at, state.all.length - 1)]
        if (next) state.chosen = next.key
        else delete state.chosen
      }
    },
    cancelled(state, { payload }: PayloadAction<string>) {
      const upload = find(state, payload)
      if (upload && (upload.state === 'waiting' || upload.state === 'sending')) upload.state = 'cancelled'
    },
    again(state, { payload }: PayloadAction<string>) {
      const upload = find(state, payload)
      if (upload && (upload.state === 'failed' || upload.state === 'cancelled')) {
        Object.assign(upload, { state: 'waiting', sent: 0 })
        delete upload.reason
        delete upload.picture
      }
    },
  },
})

export const { added, announced, moved, looked, chosen, removed, cancelled, again } = uploads.actions

/** Progress comes often; this only has to be there after a reload. */
const PAUSE = 500
let last: Upload[] | undefined
let timer: ReturnType<typeof setTimeout> | undefined

export function rememberTray({ all }: Uploads) {
  if (all === last) return
  last = all
  timer ??= setTimeout(() => {
    timer = undefined
    const ready = last?.filter((upload) => upload.state === 'ready')
    write(KEY, ready, sessionStorage)
  }, PAUSE)
}
