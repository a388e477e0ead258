/** Counts of observations by size. Bounds are inclusive, as Prometheus has them; what lies above the last one is counted as well. */
export class Histogram {
  readonly bounds: readonly number[]
  /** One for each bound and one for everything above, not cumulative. */
  readonly counts: Float64Array
  sum = 0
  count = 0

  constructor(bounds: readonly number[]) {
    this.bounds = bounds
    this.counts = new Float64Array(bounds.length + 1)
  }

  observe(value: number): void {
    const { bounds, counts } = this
    let index = 0
    while (index < bounds.length && value > bounds[index]!) index++
    counts[index]!++
    this.sum += value
    this.count++
  }
}
