import { useEffect, useState } from 'react'

import { pictureThumbnail } from '../../api/api'
import { fileOf } from './uploader'
import type { Upload } from './uploads'

/** Thumbnails of files that are still here, made in the browser: they are there before the upload is. */
const made = new Map<string, Promise<string | undefined>>()

/** Pictures decoded side by side: each may take hundreds of megabytes for a moment. */
const AT_ONCE = 2
let busy = 0
const waiting: (() => void)[] = []

async function inTurn<T>(work: () => Promise<T>): Promise<T> {
  if (busy >= AT_ONCE) await new Promise<void>((resolve) => waiting.push(resolve))
  busy += 1
  try {
    return await work()
  } finally {
    busy -= 1
    waiting.shift()?.()
  }
}

function make(file: File, size: number): Promise<string | undefined> {
  return inTurn(async () => {
    try {
      const bitmap = await createImageBitmap(file)
      const scale = Math.min(1, size / Math.max(bitmap.width, bitmap.height))
      const canvas = document.createElement('canvas')
      canvas.width = Math.max(1, Math.round(bitmap.width * scale))
      canvas.height = Math.max(1, Math.round(bitmap.height * scale))
      const context = canvas.getContext('2d')
      if (!context) return undefined
      context.imageSmoothingQuality = 'high'
      context.drawImage(bitmap, 0, 0, canvas.width, canvas.height)
      bitmap.close()
      const blob = await new Promise<Blob | null>((resolve) => canvas.toBlob(resolve, 'image/jpeg', 0.85))
      return blob ? URL.createObjectURL(blob) : undefined
    } catch {
      // A TIFF, or a picture that is damaged: the service looks at it.
      return undefined
    }
  })
}

/** An address that shows the picture at most so large, once there is one. */
export function useThumbnail(upload: Upload | undefined, size: number): string | undefined {
  const [own, setOwn] = useState<{ of: string; url: string | undefined }>()
  const key = upload?.key
  const name = key && `${key} ${size}`
  useEffect(() => {
    const file = key ? fileOf(key) : undefined
    if (!name || !file) return
    let wanted = true
    const url = made.get(name) ?? make(file, size)
    made.set(name, url)
    void url.then((url) => wanted && setOwn({ of: name, url }))
    return () => {
      wanted = false
    }
  }, [key, name, size])
  if (!upload) return undefined
  if (own && own.of === name && own.url) return own.url
  const isUnknown = own !== undefined && own.of === name && own.url === undefined
  const isOurs = fileOf(upload.key) === undefined || isUnknown
  return isOurs && upload.picture && upload.state === 'ready' ? pictureThumbnail(upload.picture, size) : undefined
}
