import type { UploadForm } from '../../api/schema'

/** The store did not take a file. */
export class Refused extends Error {
  constructor(
    message: string,
    /** Whether the same may work later. */
    readonly passing: boolean,
  ) {
    super(message)
  }
}

/** Nothing of an upload moved for so long: the connection is gone, whatever the browser believes. */
const STALLED = 60_000

/**
 * Sends a file by the store's form. `fetch` tells nothing of what has been sent, so this is XMLHttpRequest.
 * Rejects with [`Refused`], or with an `AbortError` when `signal` says so.
 */
export function send(
  form: UploadForm,
  file: Blob,
  progress: (bytes: number) => void,
  signal: AbortSignal,
): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) {
      reject(new DOMException('cancelled', 'AbortError'))
      return
    }
    const body = new FormData()
    for (const [name, value] of form.fields) body.append(name, value)
    // S3 takes nothing behind the file.
    body.append('file', file)
    const request = new XMLHttpRequest()
    let stalled: ReturnType<typeof setTimeout> | undefined
    const moving = () => {
      clearTimeout(stalled)
      stalled = setTimeout(() => request.abort(), STALLED)
    }
    const cancel = () => request.abort()
    const end = (settle: () => void) => () => {
      clearTimeout(stalled)
      signal.removeEventListener('abort', cancel)
      settle()
    }
    request.upload.onprogress = (event) => {
      moving()
      // The form's own bytes are counted, too.
      progress(Math.min(event.loaded, file.size))
    }
    request.onload = end(() => {
      if (request.status >= 200 && request.status < 300) resolve()
      else reject(refused(request))
    })
    request.onerror = end(() => reject(new Refused('', true)))
    request.onabort = end(() =>
      reject(signal.aborted ? new DOMException('cancelled', 'AbortError') : new Refused('', true)),
    )
    signal.addEventListener('abort', cancel)
    request.open('POST', form.url)
    moving()
    request.send(body)
  })
}

/** The local store answers with JSON, S3 with XML. */
function refused({ status, responseText }: XMLHttpRequest): Refused {
  return new Refused(reason(responseText), status >= 500 || status === 429 || status === 408)
}

function reason(answer: string): string {
  try {
    return (JSON.parse(answer) as { detail?: string }).detail ?? ''
  } catch {
    return /<Message>([^<]*)/.exec(answer)?.[1] ?? ''
  }
}
