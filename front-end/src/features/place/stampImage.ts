import { useEffect, useMemo, useState } from 'react'

import { stampImage } from '../../api/api'
import type { Placement } from './placement'

/** What is drawn over the picture while one drags. */
export interface Drawing {
  image: CanvasImageSource
  /** Width by height. */
  aspect: number
}

/** Pixels of a text that is drawn here: about what stands on a large screen. */
const TEXT_HEIGHT = 120

function drawText(text: string, color: string): Drawing | undefined {
  const canvas = document.createElement('canvas')
  const context = canvas.getContext('2d')
  if (!context) return undefined
  const font = `${TEXT_HEIGHT}px sans-serif`
  context.font = font
  const lines = text.split('\n')
  const width = Math.max(1, ...lines.map((line) => context.measureText(line).width))
  const line = TEXT_HEIGHT * 1.2
  canvas.width = Math.ceil(width)
  canvas.height = Math.ceil(line * lines.length)
  // Sizes reset what was set.
  context.font = font
  context.fillStyle = color
  context.textBaseline = 'middle'
  lines.forEach((text, row) => context.fillText(text, 0, (row + 0.5) * line))
  return { image: canvas, aspect: canvas.width / canvas.height }
}

/** The stamp as an image, or the text drawn about as the service draws it. */
export function useDrawing({ kind, stamp, text, color }: Placement): Drawing | undefined {
  const [loaded, setLoaded] = useState<{ stamp: string; drawing: Drawing }>()
  useEffect(() => {
    if (kind !== 'stamp') return
    const image = new Image()
    let wanted = true
    image.onload = () => {
      // An SVG without a size of its own has none here either.
      const aspect = image.naturalHeight > 0 ? image.naturalWidth / image.naturalHeight : 1
      if (wanted) setLoaded({ stamp, drawing: { image, aspect } })
    }
    image.src = stampImage(stamp)
    return () => {
      wanted = false
    }
  }, [kind, stamp])
  const isText = kind === 'text' && text.trim() !== ''
  const drawn = useMemo(() => (isText ? drawText(text, color) : undefined), [isText, text, color])
  if (kind === 'text') return drawn
  return loaded?.stamp === stamp ? loaded.drawing : undefined
}
