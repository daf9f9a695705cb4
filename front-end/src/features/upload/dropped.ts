/** The files of a drop, those within folders too, in the order of their paths. */
export async function droppedFiles(data: DataTransfer): Promise<File[]> {
  // Entries are to be had only before the first wait.
  const items = [...data.items].filter((item) => item.kind === 'file')
  const entries = items.map((item) => item.webkitGetAsEntry())
  if (entries.every((entry) => entry === null)) return [...data.files]
  const known = entries.filter((entry) => entry !== null)
  return (await Promise.all(known.map(within))).flat()
}

async function within(entry: FileSystemEntry): Promise<File[]> {
  if (entry.isFile) {
    const file = await new Promise<File | undefined>((resolve) =>
      (entry as FileSystemFileEntry).file(resolve, () => resolve(undefined)),
    )
    // What systems leave in folders is no picture.
    return file && !file.name.startsWith('.') ? [file] : []
  }
  const reader = (entry as FileSystemDirectoryEntry).createReader()
  const children: FileSystemEntry[] = []
  for (;;) {
    // It gives a hundred at a time.
    const some = await new Promise<FileSystemEntry[]>((resolve) => reader.readEntries(resolve, () => resolve([])))
    if (some.length === 0) break
    children.push(...some)
  }
  children.sort((one, other) => one.name.localeCompare(other.name))
  return (await Promise.all(children.map(within))).flat()
}
