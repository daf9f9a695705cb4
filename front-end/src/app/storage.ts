/** What is kept in the browser. Where it keeps nothing (a private window, a full disk), nothing is known. */
export function read(key: string, from: Storage = localStorage): unknown {
  try {
    const text = from.getItem(key)
    return text === null ? undefined : JSON.parse(text)
  } catch {
    return undefined
  }
}

export function write(key: string, value: unknown, into: Storage = localStorage) {
  try {
    into.setItem(key, JSON.stringify(value))
  } catch {
    // Then it is forgotten when the page is closed.
  }
}
