/** Decimals a nano-dollar has when written in dollars. */
const DECIMALS = 9
const DECIMAL = /^(\d{1,15})(?:\.(\d{1,30}))?(?:[eE]([+-]?\d{1,2}))?$/

/** Dollars as exact nano-dollars. Undefined when the text is no decimal of 0 or more, has more than nine decimals, or is beyond a safe integer. */
export function usdToNano(usd: number | string): number | undefined {
  const parsed = parse(usd)
  return parsed === undefined || parsed.remainder !== 0n ? undefined : safe(parsed.nano)
}

/** As `usdToNano`, but decimals beyond the ninth are rounded half up. */
export function usdToNearestNano(usd: number): number | undefined {
  const parsed = parse(usd)
  return parsed === undefined ? undefined : safe(parsed.remainder * 2n >= parsed.unit ? parsed.nano + 1n : parsed.nano)
}

/** Nano-dollars in dollars, exactly, with no trailing zeros: 75,000,000 is `0.075`. */
export function nanoToUsd(nano: number | bigint): string {
  const digits = String(nano).padStart(DECIMALS + 1, '0')
  const fraction = digits.slice(-DECIMALS).replace(/0+$/, '')
  const whole = digits.slice(0, -DECIMALS)
  return fraction === '' ? whole : `${whole}.${fraction}`
}

interface Parsed {
  readonly nano: bigint
  /** What is left of a nano-dollar, in parts of `unit`. */
  readonly remainder: bigint
  readonly unit: bigint
}

/** Through the decimal text, never through binary fractions. */
function parse(usd: number | string): Parsed | undefined {
  const match = DECIMAL.exec(String(usd).trim())
  if (match === null) return undefined
  const [, whole = '', fraction = '', exponent = '0'] = match
  const digits = BigInt(whole + fraction)
  const shift = DECIMALS - fraction.length + Number(exponent)
  if (shift >= 0) return { nano: digits * 10n ** BigInt(shift), remainder: 0n, unit: 1n }
  const unit = 10n ** BigInt(-shift)
  return { nano: digits / unit, remainder: digits % unit, unit }
}

const safe = (value: bigint): number | undefined => (value <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(value) : undefined)
