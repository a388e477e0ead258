/** Weight of the newest value; the reference's. */
const ALPHA = 0.3

/** Exponentially weighted moving average. Undefined until the first value, which counts whole. */
export class MovingAverage {
  private average: number | undefined

  /** To a thousandth, so that records stay short. */
  get value(): number | undefined {
    return this.average === undefined ? undefined : Math.round(this.average * 1000) / 1000
  }

  add(sample: number): void {
    this.average = this.average === undefined ? sample : this.average + ALPHA * (sample - this.average)
  }
}
