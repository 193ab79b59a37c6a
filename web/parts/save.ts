// Hands bytes to the browser to be saved as a file.

/** @param name is what the reader is offered, and may change */
export function save(name: string, bytes: Uint8Array<ArrayBuffer> | string): void {
  // Whatever it says that it is, the browser takes it for bytes and opens nothing
  const address = URL.createObjectURL(new Blob([bytes], { type: 'application/octet-stream' }))
  const link = document.createElement('a')
  link.href = address
  link.download = name
  link.click()
  setTimeout(() => URL.revokeObjectURL(address), 60_000)
}
