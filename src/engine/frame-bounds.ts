const LF = 10

/** What ends a frame. */
export const SEPARATORS = ['\n\n', '\r\n\r\n', '\r\r'].map((text) => Buffer.from(text))
/** Those of text without a carriage return: nearly every stream. */
export const LF_ONLY = SEPARATORS.slice(0, 1)

/** Where the frame that holds `hit` starts, not before `from`. */
export function frameStart(buffer: Buffer, separators: readonly Buffer[], from: number, hit: number): number {
  let start = from
  for (const separator of separators) {
    const index = buffer.lastIndexOf(separator, hit)
    if (index !== -1) start = Math.max(start, index + separator.length)
  }
  return start
}

/** Index behind the frame that starts at `start`. */
export function frameEnd(buffer: Buffer, separators: readonly Buffer[], start: number): number {
  let end = buffer.length
  for (const separator of separators) {
    const index = buffer.indexOf(separator, start)
    if (index !== -1) end = Math.min(end, index + separator.length)
  }
  return end
}

/** Frames from `start` on. */
export function countFrames(buffer: Buffer, separators: readonly Buffer[], start: number): number {
  let count = 0
  for (let position = start; position < buffer.length; count++) position = frameEnd(buffer, separators, position)
  return count
}

/** Index behind the last blank line, 0 when there is none. Handles LF, CRLF and CR line ends. */
export function lastFrameEnd(bytes: Uint8Array): number {
  const { length } = bytes
  if (bytes[length - 1] === LF && bytes[length - 2] === LF) return length
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, length)
  return Math.max(...SEPARATORS.map((separator) => endOf(buffer, separator)))
}

function endOf(buffer: Buffer, separator: Buffer): number {
  const index = buffer.lastIndexOf(separator)
  return index === -1 ? 0 : index + separator.length
}
