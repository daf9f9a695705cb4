import type { Placement } from './placement'

/** A picture's width and height as viewed, in any unit. */
export interface Area {
  width: number
  height: number
}

/** A stamp on a picture, in the picture's unit. */
export interface Box extends Area {
  /** Its middle. */
  x: number
  y: number
  /** Degrees clockwise. */
  rotate: number
}

/** Width and height of what a turned rectangle takes up. */
export function bounds({ width, height }: Area, degrees: number): Area {
  const angle = (degrees * Math.PI) / 180
  const [sine, cosine] = [Math.abs(Math.sin(angle)), Math.abs(Math.cos(angle))]
  return { width: width * cosine + height * sine, height: width * sine + height * cosine }
}

const SHARES = { start: 0, middle: 0.5, end: 1 }

function shares(gravity: string): [number, number] {
  const across = gravity.includes('left') ? SHARES.start : gravity.includes('right') ? SHARES.end : SHARES.middle
  const down = gravity.includes('top') ? SHARES.start : gravity.includes('bottom') ? SHARES.end : SHARES.middle
  return [across, down]
}

/** Where a stamp with `aspect` (width by height) goes: the engine's own rule, for what is shown while one drags. */
export function boxOf(placement: Placement, picture: Area, aspect: number): Box {
  const width = (picture.width * placement.size) / 100
  const stamp = { width, height: width / aspect }
  const outer = bounds(stamp, placement.rotate)
  let left = (picture.width * placement.x) / 100
  let top = (picture.height * placement.y) / 100
  if (placement.gravity) {
    const margin = (Math.min(picture.width, picture.height) * placement.margin) / 100
    const [across, down] = shares(placement.gravity)
    left = margin + (picture.width - outer.width - 2 * margin) * across
    top = margin + (picture.height - outer.height - 2 * margin) * down
  }
  return { ...stamp, x: left + outer.width / 2, y: top + outer.height / 2, rotate: placement.rotate }
}

/** The part of a placement that puts a stamp where the box is. */
export function placed(box: Box, picture: Area): Pick<Placement, 'gravity' | 'x' | 'y' | 'size' | 'rotate'> {
  const outer = bounds(box, box.rotate)
  return {
    gravity: null,
    x: (100 * (box.x - outer.width / 2)) / picture.width,
    y: (100 * (box.y - outer.height / 2)) / picture.height,
    size: (100 * box.width) / picture.width,
    rotate: box.rotate,
  }
}

/** Moved, but never so far that its middle leaves the picture. */
export function moved(box: Box, picture: Area, across: number, down: number): Box {
  const inside = (value: number, most: number) => Math.min(most, Math.max(0, value))
  return { ...box, x: inside(box.x + across, picture.width), y: inside(box.y + down, picture.height) }
}

/** As large as reaches a point with a corner, about its middle; its proportions are kept. */
export function resized(box: Box, picture: Area, x: number, y: number): Box {
  const reach = Math.hypot(x - box.x, y - box.y)
  const half = Math.hypot(box.width, box.height) / 2
  return half > 0 ? scaled(box, picture, reach / half) : box
}

export function scaled(box: Box, picture: Area, factor: number): Box {
  const width = Math.min(picture.width, Math.max(picture.width / 100, box.width * factor))
  return { ...box, width, height: (box.height * width) / box.width }
}

/** Turned so that its upper side looks at a point; `step` degrees at a time, if there is a step. */
export function turned(box: Box, x: number, y: number, step = 0): Box {
  const degrees = (Math.atan2(y - box.y, x - box.x) * 180) / Math.PI + 90
  const stepped = step > 0 ? Math.round(degrees / step) * step : degrees
  return { ...box, rotate: straight(stepped) }
}

/** -180 to 180. */
export const straight = (degrees: number) => ((((degrees + 180) % 360) + 360) % 360) - 180

/** The middles of all repeats that touch the picture, where the stamp is tiled. */
export function tiles(box: Box, picture: Area, gap: number, stagger: number): { x: number; y: number }[] {
  const outer = bounds(box, box.rotate)
  const space = (outer.width * gap) / 100
  const [across, down] = [outer.width + space, outer.height + space]
  if (!(across > 1 && down > 1)) return []
  const middles: { x: number; y: number }[] = []
  const first = Math.floor(-(box.y + outer.height / 2) / down)
  const last = Math.ceil((picture.height - box.y + outer.height / 2) / down)
  for (let row = first; row <= last; row += 1) {
    const shift = row % 2 === 0 ? 0 : stagger * across
    const start = Math.floor(-(box.x + shift + outer.width / 2) / across)
    const end = Math.ceil((picture.width - box.x - shift + outer.width / 2) / across)
    for (let column = start; column <= end; column += 1) {
      middles.push({ x: box.x + shift + column * across, y: box.y + row * down })
    }
  }
  return middles
}
