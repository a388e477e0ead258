const UNITS = [
  ['w', 604_800_000],
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['m', 60_000],
  ['s', 1_000],
] as const

const SPAN = /^(?:(\d{1,9})w)?(?:(\d{1,9})d)?(?:(\d{1,9})h)?(?:(\d{1,9})m)?(?:(\d{1,9})s)?$/

/** Milliseconds of a span such as `30m`, `2h` or `1h30m`: units from the largest down, each once. Undefined for anything else, and for nothing. */
export function timeSpanMs(text: string): number | undefined {
  const parts = SPAN.exec(text.trim().toLowerCase())
  if (parts === null) return undefined
  const total = UNITS.reduce((sum, [, ms], index) => sum + Number(parts[index + 1] ?? 0) * ms, 0)
  return total > 0 ? total : undefined
}

/** What to tell somebody whose span was none. Does not quote it. */
export function timeSpanHint(text: string): string {
  const number = /^\s*(\d{1,9})\s*$/.exec(text)?.[1]
  return number === undefined
    ? 'Write a time such as 30m, 2h or 1h30m, from units w, d, h, m and s.'
    : `A time needs its unit: write ${Number(number)}s, ${Number(number)}m or ${Number(number)}h.`
}

/** The span in words of the same kind, its two largest units: `1h30m`, `45s`. At least a second. */
export function timeSpanText(ms: number): string {
  let rest = Math.max(1_000, Math.ceil(ms / 1_000) * 1_000)
  const parts: string[] = []
  for (const [unit, size] of UNITS) {
    const count = Math.floor(rest / size)
    rest %= size
    if (count > 0) parts.push(`${count}${unit}`)
    if (parts.length === 2 || (parts.length === 1 && count === 0)) break
  }
  return parts.join('')
}
