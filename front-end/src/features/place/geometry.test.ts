import { describe, expect, it } from 'vitest'

import { bounds, boxOf, moved, placed, resized, scaled, straight, tiles, turned } from './geometry'
import { GRAVITIES, STANDARD, within, type Placement } from './placement'

const picture = { width: 4000, height: 3000 }
const close = (one: number, other: number) => expect(one).toBeCloseTo(other, 6)

describe('boxOf', () => {
  it('puts gravities against the edges, a margin away', () => {
    const at = (gravity: Placement['gravity']) => boxOf({ ...STANDARD, gravity, margin: 2, size: 20 }, picture, 2)
    // 20 % of 4000 is 800 by 400; 2 % of the shorter side is 60.
    expect(at('top-left')).toMatchObject({ x: 460, y: 260, width: 800, height: 400 })
    expect(at('bottom-right')).toMatchObject({ x: 3540, y: 2740 })
    expect(at('center')).toMatchObject({ x: 2000, y: 1500 })
    expect(at('right')).toMatchObject({ x: 3540, y: 1500 })
  })

  it('is turned about by placed, wherever it is', () => {
    for (const gravity of GRAVITIES) {
      for (const rotate of [0, 30, -75, 180]) {
        const box = boxOf({ ...STANDARD, gravity, rotate }, picture, 1.7)
        const again = boxOf({ ...STANDARD, ...placed(box, picture) }, picture, 1.7)
        close(again.x, box.x)
        close(again.y, box.y)
        close(again.width, box.width)
        expect(again.rotate).toBe(rotate)
      }
    }
  })
})

it('bounds of a rectangle on its side are as high as it is wide', () => {
  const { width, height } = bounds({ width: 30, height: 10 }, 90)
  close(width, 10)
  close(height, 30)
})

it('a box that is moved keeps its middle in the picture', () => {
  const box = boxOf(STANDARD, picture, 2)
  expect(moved(box, picture, 10, -20)).toMatchObject({ x: box.x + 10, y: box.y - 20 })
  expect(moved(box, picture, 1e6, -1e6)).toMatchObject({ x: 4000, y: 0 })
})

it('a corner goes where the pointer is', () => {
  const box = { x: 1000, y: 1000, width: 600, height: 800, rotate: 33 }
  const larger = resized(box, picture, 1000 + 1000, 1000)
  close(Math.hypot(larger.width, larger.height) / 2, 1000)
  close(larger.width / larger.height, 0.75)
  // No stamp is lost by making it too small to be taken hold of, and none is wider than the picture.
  expect(scaled(box, picture, 1e-9).width).toBe(40)
  expect(scaled(box, picture, 1e9).width).toBe(4000)
})

it('its upper side looks at the pointer', () => {
  const box = { x: 0, y: 0, width: 1, height: 1, rotate: 0 }
  close(turned(box, 0, -5).rotate, 0)
  close(turned(box, 5, 0).rotate, 90)
  close(turned(box, -5, 0).rotate, -90)
  close(turned(box, 5, -4.9, 15).rotate, 45)
  expect(straight(190)).toBe(-170)
  expect(straight(-540)).toBe(-180)
})

it('tiles cover the picture and none lies outside', () => {
  const box = boxOf({ ...STANDARD, gravity: 'center', size: 10 }, picture, 2)
  const middles = tiles(box, picture, 50, 0.5)
  expect(middles.length).toBeGreaterThan(50)
  const isWithin = ({ x, y }: { x: number; y: number }) => x > -1200 && x < 5200 && y > -600 && y < 3600
  expect(middles.every(isWithin)).toBe(true)
  expect(middles).toContainEqual({ x: box.x, y: box.y })
  expect(tiles({ ...box, width: 0, height: 0 }, picture, 0, 0)).toEqual([])
})

it('what is typed stays within the limits', () => {
  const wild = within({ ...STANDARD, size: 1e9, opacity: NaN, rotate: -1e3, x: 1.23456 })
  expect(wild).toMatchObject({ size: 100, opacity: 1, rotate: -180, x: 1.23 })
})
