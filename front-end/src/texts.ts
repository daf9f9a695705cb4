/** All that is said, in one place: another language is another such object. */

const number = new Intl.NumberFormat('en')
const date = new Intl.DateTimeFormat('en', { dateStyle: 'medium', timeStyle: 'short' })
const plural = new Intl.PluralRules('en')

const some = (count: number, one: string, other: string) =>
  `${number.format(count)} ${plural.select(count) === 'one' ? one : other}`
const pictures = (count: number) => some(count, 'picture', 'pictures')

export function size(bytes: number): string {
  const units = ['bytes', 'kB', 'MB', 'GB']
  let [value, unit] = [bytes, 0]
  while (value >= 1000 && unit < units.length - 1) {
    value /= 1000
    unit += 1
  }
  return `${value < 10 && unit > 0 ? value.toFixed(1) : Math.round(value)} ${units[unit] ?? ''}`
}

export const texts = {
  language: 'en',
  titles: { studio: 'Stamp pictures', history: 'History', job: 'Job' },
  links: { studio: 'Stamp', history: 'History' },
  pages: 'Pages',
  skip: 'Skip to the content',
  loading: 'Loading',
  close: 'Close',
  undo: 'Undo',
  retry: 'Try again',
  more: 'Show more',
  notices: 'Notices',
  offline: 'The service does not answer. Check the connection and try again.',
  unknownFault: 'Something went wrong. Try again.',

  live: { connecting: 'Connecting', connected: 'Live', polling: 'Not live: asked every 2 s' },
  liveLong: {
    connecting: 'Connecting to be told of progress',
    connected: 'Progress is shown as it happens',
    polling: 'The live connection is down; progress is asked for every two seconds',
  },
  themes: { system: 'System', light: 'Light', dark: 'Dark' },
  theme: (name: string) => `Theme: ${name}`,
  themeIs: (theme: string) => `Theme: ${theme}. Change`,

  emptyTitle: 'Stamp pictures',
  emptyLine: 'Drop pictures or folders anywhere on this page, paste one, or pick them.',
  steps: [
    { title: '1. Add pictures', line: 'JPEG, PNG, WebP, AVIF, TIFF, GIF or BMP, up to 100 MB each.' },
    { title: '2. Place the stamp', line: 'Take a logo, your own SVG or PNG, or a text; drag it where it belongs.' },
    { title: '3. Watch and download', line: 'Every picture shows its progress. Take them one by one, or as a ZIP.' },
  ],
  dropHere: 'Drop to add',
  pickFiles: 'Add pictures',
  pickFolder: 'Add a folder',
  pictures: 'Pictures',
  nothingToShow: 'Choose a picture to place the stamp on.',
  panel: 'Stamp and place',

  wrongType: (types: string[]) =>
    `This is not a type that is taken: ${types.map((type) => type.replace('image/', '').replace('+xml', '').toUpperCase()).join(', ')}.`,
  emptyFile: 'The file is empty.',
  tooLarge: (bytes: number, most: number) => `The file has ${size(bytes)}; at most ${size(most)} are taken.`,
  filesRefused: (count: number) => `${some(count, 'file', 'files')} cannot be taken; the tray says why.`,
  uploadFailed: 'The upload broke off. Try again.',
  uploading: 'Uploading…',
  uploadProgress: 'Upload of all pictures',
  uploadOf: (name: string) => `Upload of ${name}`,
  uploadLabel: (name: string, state: string) => `${name}: ${state}. Show it`,
  uploadStates: {
    waiting: 'waiting to be uploaded',
    sending: 'being uploaded',
    checking: 'being looked at',
    ready: 'uploaded',
    refused: 'refused',
    failed: 'not uploaded',
    cancelled: 'cancelled',
  },
  trayStatus: (ready: number, all: number) =>
    ready === all ? pictures(all) : `${number.format(ready)} of ${pictures(all)} uploaded`,
  cancelUpload: (name: string) => `Cancel the upload of ${name}`,
  removeOne: (name: string) => `Remove ${name}`,
  removeAll: 'Remove all',
  retryOne: (name: string) => `Try again: ${name}`,
  deleted: (count: number) => `${pictures(count)} deleted.`,
  restored: (count: number) => `${pictures(count)} restored.`,

  whatToPutOn: 'What to put on',
  stampOrText: 'Stamp or text',
  kinds: { stamp: 'Stamp', text: 'Text' },
  ownStamp: 'Your own…',
  deleteStamp: (name: string) => `Delete the stamp ${name}`,
  stampRefused: (name: string, reason: string) => `${name} cannot be used as a stamp: ${reason}`,
  text: 'Text',
  textExample: '© {year} My name',
  color: 'Colour',
  where: 'Where',
  how: 'How',
  gravities: {
    'top-left': 'Top left',
    top: 'Top',
    'top-right': 'Top right',
    left: 'Left',
    center: 'Centre',
    right: 'Right',
    'bottom-left': 'Bottom left',
    bottom: 'Bottom',
    'bottom-right': 'Bottom right',
  },
  numbers: {
    margin: 'Margin',
    x: 'Left, %',
    y: 'Top, %',
    size: 'Size',
    rotate: 'Rotation',
    opacity: 'Opacity',
    gap: 'Gap',
    stagger: 'Stagger',
  },
  exactly: (name: string) => `${name}, exactly`,
  blend: 'Blend mode',
  blends: { over: 'Normal', multiply: 'Multiply', screen: 'Screen', overlay: 'Overlay', 'soft-light': 'Soft light' },
  tile: 'Repeat over the whole picture',
  format: 'Write as',
  formats: { '': 'As it is', jpg: 'JPEG', png: 'PNG', webp: 'WebP', avif: 'AVIF' },
  presets: 'Presets',
  presetName: 'Name',
  keepPreset: 'Keep',
  forgetPreset: (name: string) => `Forget ${name}`,
  stampBox: 'Place of the stamp',
  stampKeys:
    'Arrow keys move it, with Shift in larger steps; plus and minus change its size; square brackets turn it.',
  previewOf: (name: string) => `${name} with the stamp`,
  previewAfterUpload: 'The exact preview comes when the picture is uploaded.',
  previewWaits: 'Making the exact preview…',
  previewIsExact: 'Exactly as it will be.',

  start: (count: number) => (count === 0 ? 'Stamp' : `Stamp ${pictures(count)}`),
  starting: 'Starting…',
  stillUploading: (count: number) => `${pictures(count)} still on the way.`,
  nothingToPutOn: 'Type the text to put on.',

  states: {
    all: 'All',
    queued: 'Queued',
    processing: 'Processing',
    done: 'Done',
    failed: 'Failed',
    cancelled: 'Cancelled',
  },
  filters: 'Show',
  progress: 'Progress',
  jobRuns: (ended: number, all: number) => `${number.format(ended)} of ${pictures(all)} finished`,
  jobFinished: (done: number, all: number) =>
    done === all ? `${pictures(all)} stamped` : `${number.format(done)} of ${pictures(all)} stamped`,
  cancelJob: 'Cancel',
  retryAll: (count: number) => `Try ${pictures(count)} again`,
  deletePictures: 'Delete pictures',
  newJob: 'Stamp more',
  noSuchJob: 'There is no such job',
  toHistory: 'To the history',
  nothingHere: 'No picture is in this state.',
  makeZip: (count: number) => `Download ${some(count, 'picture', 'pictures')} as a ZIP`,
  zipProgress: 'Progress of the ZIP',
  zipIsMade: (entries: number, all: number) => `Packing ${number.format(entries)} of ${number.format(all)}`,
  downloadZip: (bytes: number) => `Download the ZIP (${size(bytes)})`,
  download: 'Download',
  downloadOne: (name: string) => `Download ${name}`,
  took: (milliseconds: number) => `${number.format(milliseconds)} ms`,

  compare: (name: string) => `Compare ${name} before and after`,
  before: (name: string) => `${name} before`,
  after: (name: string) => `${name} after`,
  compareSlider: 'Edge between before and after',
  compareShare: (share: number) => `${share} % before`,

  history: 'History',
  noJobs: 'No pictures were stamped yet.',
  moment: (milliseconds: number) => date.format(milliseconds),
  pictureCount: pictures,
  count: (state: 'done' | 'failed' | 'cancelled' | 'processing', count: number) =>
    `${number.format(count)} ${{ done: 'done', failed: 'failed', cancelled: 'cancelled', processing: 'open' }[state]}`,
}
