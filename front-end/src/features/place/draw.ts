import { boxOf, tiles, type Area } from './geometry'
import type { Blend, Placement } from './placement'
import type { Drawing } from './stampImage'

const MODES: Record<Blend, GlobalCompositeOperation> = {
  over: 'source-over',
  multiply: 'multiply',
  screen: 'screen',
  overlay: 'overlay',
  'soft-light': 'soft-light',
}

/** Draws the picture with its stamp about as the service does; what the service makes is laid over it soon. */
export function draw(
  canvas: HTMLCanvasElement,
  image: HTMLImageElement,
  picture: Area,
  placement: Placement,
  drawing: Drawing | undefined,
) {
  const { naturalWidth: width, naturalHeight: height } = image
  if (canvas.width !== width) canvas.width = width
  if (canvas.height !== height) canvas.height = height
  const context = canvas.getContext('2d')
  if (!context || width === 0) return
  context.setTransform(1, 0, 0, 1, 0, 0)
  context.globalAlpha = 1
  context.globalCompositeOperation = 'source-over'
  context.drawImage(image, 0, 0)
  if (!drawing) return
  const scale = width / picture.width
  const box = boxOf(placement, picture, drawing.aspect)
  const middles = placement.tile ? tiles(box, picture, placement.gap, placement.stagger) : [box]
  context.globalAlpha = placement.opacity
  context.globalCompositeOperation = MODES[placement.blend]
  const angle = (box.rotate * Math.PI) / 180
  const [sine, cosine] = [scale * Math.sin(angle), scale * Math.cos(angle)]
  for (const { x, y } of middles) {
    context.setTransform(cosine, sine, -sine, cosine, x * scale, y * scale)
    context.drawImage(drawing.image, -box.width / 2, -box.height / 2, box.width, box.height)
  }
}
