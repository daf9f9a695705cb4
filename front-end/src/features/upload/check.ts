import { texts } from '../../texts'

/** The media types that the API takes pictures as, by the extensions of their names. */
const TYPES: Record<string, string> = {
  jpg: 'image/jpeg',
  jpeg: 'image/jpeg',
  jpe: 'image/jpeg',
  jfif: 'image/jpeg',
  png: 'image/png',
  webp: 'image/webp',
  gif: 'image/gif',
  tif: 'image/tiff',
  tiff: 'image/tiff',
  bmp: 'image/bmp',
  avif: 'image/avif',
}

export const LONGEST_PICTURE = 100 * 2 ** 20
export const LONGEST_STAMP = 10 * 2 ** 20
const LONGEST_NAME = 255

export const PICTURES = [...new Set(Object.values(TYPES))]
export const STAMPS = ['image/svg+xml', 'image/png', 'image/webp', 'image/jpeg']
/** For a file dialog: some systems know a picture by its extension alone. */
export const ACCEPTED = [...PICTURES, ...Object.keys(TYPES).map((extension) => `.${extension}`)].join(',')

/** A file's media type: what the browser says, or else what its name says. */
export function typeOf(file: { name: string; type: string }): string {
  if (file.type !== '') return file.type
  const extension = file.name.split('.').at(-1)?.toLowerCase() ?? ''
  if (extension === 'svg') return 'image/svg+xml'
  return TYPES[extension] ?? ''
}

/** Why a file cannot be uploaded, if it cannot. The service checks again. */
export function refusal(
  file: { name: string; size: number; type: string },
  types: string[] = PICTURES,
  longest: number = LONGEST_PICTURE,
): string | undefined {
  if (!types.includes(typeOf(file))) return texts.wrongType(types)
  if (file.size === 0) return texts.emptyFile
  if (file.size > longest) return texts.tooLarge(file.size, longest)
  return undefined
}

/** A name that the service takes: it knows no folders. */
export function nameOf(name: string): string {
  const plain = name.replaceAll(/[/\\\0]/g, '_') || 'picture'
  const bytes = new TextEncoder().encode(plain)
  if (bytes.length <= LONGEST_NAME) return plain
  // The end has the extension.
  return new TextDecoder().decode(bytes.slice(-LONGEST_NAME)).replace(/^\uFFFD+/, '')
}
