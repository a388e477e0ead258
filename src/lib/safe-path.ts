/** Percent signs are undone at most this often: servers behind others do it more than once. */
const MOST_DECODINGS = 3
// oxlint-disable-next-line no-control-regex -- these are what is looked for
const FORBIDDEN = /[\\\u0000-\u001f\u007f?#]/

/** Dots and slashes behind percent signs. */
const HIDDEN = /%(?:2e|2f|5c)/i

/**
 * A path that a client wrote, to be appended to an address: unchanged, beginning with a slash. Undefined for one that could lead somewhere
 * else than below that address, however its percent signs are read: dots that climb, slashes in disguise, empty parts, an address of its own.
 */
export function safePath(written: string): string | undefined {
  const parts = written.split('/')
  const isSafe = parts.every((part, index) => isSafePart(part, index > 0 && index === parts.length - 1))
  return isSafe ? `/${written}` : undefined
}

function isSafePart(written: string, mayBeEmpty: boolean): boolean {
  let part = written
  for (let times = 0; times <= MOST_DECODINGS; times++) {
    if (part === '') return mayBeEmpty && times === 0
    if (part === '.' || part === '..' || part.startsWith('..;') || part.includes('/') || FORBIDDEN.test(part)) return false
    const next = decoded(part)
    if (next === part) return true
    // A percent sign of its own; who reads it anyway must find nothing behind it.
    if (next === undefined) return times > 0 && !HIDDEN.test(part)
    part = next
  }
  return false
}

function decoded(part: string): string | undefined {
  try {
    return decodeURIComponent(part)
  } catch {
    return undefined
  }
}
