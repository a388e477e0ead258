const PER_MILLION = 1_000_000
const HALF = PER_MILLION / 2

/**
 * A sum in millionths of a nano-dollar, which every product of tokens and rate is a whole number of. It is kept as a number while it is one
 * that numbers hold exactly, which is true of nearly every call and ten times as quick, and as a big integer from then on.
 */
export class ExactSum {
  private small = 0
  private large: bigint | undefined = undefined

  /** Adds `units` × `rate` × `scale`, all safe integers of 0 or more. */
  add(units: number, rate: number, scale: number): void {
    const sum = this.small + units * rate * scale
    if (this.large === undefined && sum < Number.MAX_SAFE_INTEGER - HALF) this.small = sum
    else this.large = (this.large ?? BigInt(this.small)) + BigInt(units) * BigInt(rate) * BigInt(scale)
  }

  /** Whole nano-dollars, rounded half up; beyond the safe integers it is off. */
  get nanoDollars(): number {
    if (this.large !== undefined) return Number((this.large + BigInt(HALF)) / BigInt(PER_MILLION))
    const raised = this.small + HALF
    return (raised - (raised % PER_MILLION)) / PER_MILLION
  }
}
