import { useEffect, useRef, useState, type KeyboardEvent, type PointerEvent } from 'react'

import { useAppDispatch, useAppSelector } from '../../app/store'
import { texts } from '../../texts'
import { useThumbnail } from '../upload/thumbnails'
import type { Upload } from '../upload/uploads'
import { draw } from './draw'
import { boxOf, moved, placed, resized, scaled, straight, turned, type Area, type Box } from './geometry'
import { changed } from './placement'
import { useDrawing } from './stampImage'
import { usePreview } from './usePreview'

/** Pixels of what is shown. */
const SIZE = window.innerWidth > 1800 ? 2048 : 1024
/** Degrees while Shift is held. */
const STEP = 15

/** The chosen picture with its stamp, to be dragged, sized and turned. */
export function Stage({ upload }: { upload: Upload }) {
  const placement = useAppSelector((state) => state.placement.now)
  const picture = useThumbnail(upload, SIZE)
  const [image, setImage] = useState<HTMLImageElement>()
  const drawing = useDrawing(placement)
  const preview = usePreview(upload.state === 'ready' ? upload.picture : undefined, placement, SIZE)
  const canvas = useRef<HTMLCanvasElement>(null)
  const area = areaOf(upload, image)
  const box = drawing && area && boxOf(placement, area, drawing.aspect)

  useEffect(() => {
    if (canvas.current && image && area) draw(canvas.current, image, area, placement, drawing)
  })

  return (
    <figure className="stage">
      {/* The canvas and the box are as large as the picture; this is what they are laid out by. */}
      {picture ? (
        <div className="picture">
          {/* Once a handle has moved away, browsers would drag the picture in its place. */}
          <img src={picture} alt={upload.name} draggable={false} onLoad={(event) => setImage(event.currentTarget)} />
          <canvas ref={canvas} aria-hidden="true" />
          {preview.state === 'shown' && <img className="preview" src={preview.url} alt={texts.previewOf(upload.name)} />}
          {box && <Handles box={box} area={area} />}
        </div>
      ) : (
        <div className="skeleton" aria-label={texts.loading} role="img" />
      )}
      <figcaption aria-live="polite">
        {upload.state !== 'ready' && texts.previewAfterUpload}
        {upload.state === 'ready' && preview.state === 'waiting' && texts.previewWaits}
        {preview.state === 'shown' && texts.previewIsExact}
        {preview.state === 'failed' && <span className="fault">{preview.reason}</span>}
      </figcaption>
    </figure>
  )
}

/** The picture as viewed: the service knows it best, and a thumbnail well enough. */
function areaOf({ width, height }: Upload, image: HTMLImageElement | undefined): Area | undefined {
  if (width && height) return { width, height }
  return image && { width: image.naturalWidth, height: image.naturalHeight }
}

/** What is held, since when. */
interface Held {
  pointer: number
  handle: 'box' | 'corner' | 'turn'
  x: number
  y: number
  box: Box
}

function Handles({ box, area }: { box: Box; area: Area }) {
  const dispatch = useAppDispatch()
  const [held, hold] = useState<Held>()
  const set = (next: Box) => dispatch(changed(placed(next, area)))

  /** Where a pointer is, in the picture's unit. */
  function at(event: PointerEvent<HTMLElement>): [number, number] {
    const parent = event.currentTarget.parentElement?.getBoundingClientRect()
    if (!parent) return [0, 0]
    return [
      ((event.clientX - parent.left) * area.width) / parent.width,
      ((event.clientY - parent.top) * area.height) / parent.height,
    ]
  }

  function onPointerDown(event: PointerEvent<HTMLElement>) {
    if (event.button !== 0) return
    event.currentTarget.setPointerCapture(event.pointerId)
    const [x, y] = at(event)
    const { handle = 'box' } = (event.target as HTMLElement).dataset
    hold({ pointer: event.pointerId, handle: handle as Held['handle'], x, y, box })
  }

  function onPointerMove(event: PointerEvent<HTMLElement>) {
    if (held?.pointer !== event.pointerId) return
    const [x, y] = at(event)
    if (held.handle === 'box') set(moved(held.box, area, x - held.x, y - held.y))
    else if (held.handle === 'corner') set(resized(held.box, area, x, y))
    else set(turned(held.box, x, y, event.shiftKey ? STEP : 0))
  }

  function onKeyDown(event: KeyboardEvent) {
    const step = (event.shiftKey ? 0.05 : 0.005) * Math.min(area.width, area.height)
    const next = {
      ArrowLeft: () => moved(box, area, -step, 0),
      ArrowRight: () => moved(box, area, step, 0),
      ArrowUp: () => moved(box, area, 0, -step),
      ArrowDown: () => moved(box, area, 0, step),
      '+': () => scaled(box, area, 1.05),
      '=': () => scaled(box, area, 1.05),
      '-': () => scaled(box, area, 1 / 1.05),
      '[': () => ({ ...box, rotate: straight(box.rotate - STEP / 3) }),
      ']': () => ({ ...box, rotate: straight(box.rotate + STEP / 3) }),
    }[event.key]
    if (!next || event.ctrlKey || event.metaKey || event.altKey) return
    event.preventDefault()
    set(next())
  }

  const share = (value: number, of: number) => `${(100 * value) / of}%`
  return (
    <div
      className="box"
      role="group"
      tabIndex={0}
      aria-label={texts.stampBox}
      aria-describedby="stamp-keys"
      style={{
        left: share(box.x - box.width / 2, area.width),
        top: share(box.y - box.height / 2, area.height),
        width: share(box.width, area.width),
        height: share(box.height, area.height),
        transform: `rotate(${box.rotate}deg)`,
      }}
      onKeyDown={onKeyDown}
      onPointerDown={onPointerDown}
      onPointerMove={onPointerMove}
      onLostPointerCapture={() => hold(undefined)}
    >
      <span id="stamp-keys" hidden>
        {texts.stampKeys}
      </span>
      <span className="turn" data-handle="turn" aria-hidden="true" />
      {['nw', 'ne', 'sw', 'se'].map((corner) => (
        <span key={corner} className={`corner ${corner}`} data-handle="corner" aria-hidden="true" />
      ))}
    </div>
  )
}
