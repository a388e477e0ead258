/**
 * The text of an answer, or its first `maxBytes` where it is longer: the rest is not read. Rejects when the answer breaks off before.
 */
export async function limitedText(response: Response, maxBytes: number): Promise<string> {
  if (response.body === null) return ''
  const reader = response.body.getReader()
  const pieces: Uint8Array[] = []
  let size = 0
  while (size < maxBytes) {
    const { value, done } = await reader.read()
    if (done) return textOf(pieces)
    pieces.push(size + value.length > maxBytes ? value.subarray(0, maxBytes - size) : value)
    size += value.length
  }
  reader.cancel().catch(() => undefined) // the connection may be gone already
  return textOf(pieces)
}

const textOf = (pieces: readonly Uint8Array[]): string => new TextDecoder().decode(Buffer.concat(pieces))
