export type OutcomeSample = 'success' | 'truncated' | 'failure'

/** Room at first: the arrays grow towards the most that is kept, since most targets never have so many samples. */
const FIRST_ROOM = 16

/** The last samples of a target, with counts and ordered times kept up to date, so that asking costs nothing. */
export class OutcomeWindow {
  successes = 0
  truncated = 0
  failures = 0
  private kinds: OutcomeSample[] = []
  private times = new Float64Array(FIRST_ROOM)
  /** NaN where the sample has no duration. */
  private durations = new Float64Array(FIRST_ROOM)
  private maxSamples: number
  private first = 0
  private length = 0
  /** The durations, ascending. */
  private ordered = new Float64Array(FIRST_ROOM)
  private orderedLength = 0

  constructor(maxSamples: number) {
    this.maxSamples = maxSamples
  }

  get size(): number {
    return this.length
  }

  /** Takes a sample; the oldest goes when the window is full. `durationMs` is of answers, undefined for what did not return. */
  push(kind: OutcomeSample, now: number, durationMs: number | undefined): void {
    if (this.length >= this.maxSamples) this.dropOldest()
    else if (this.length === this.times.length) this.grow()
    const index = (this.first + this.length) % this.times.length
    this.kinds[index] = kind
    this.times[index] = now
    this.durations[index] = durationMs ?? Number.NaN
    this.length += 1
    this.count(kind, 1)
    if (durationMs !== undefined) this.insert(durationMs)
  }

  /** Keeps at most so many samples from now on: the newest. */
  limit(maxSamples: number): void {
    this.maxSamples = maxSamples
    while (this.length > maxSamples) this.dropOldest()
  }

  /** Time of the oldest sample; infinity when there is none. */
  get oldest(): number {
    return this.length === 0 ? Number.POSITIVE_INFINITY : (this.times[this.first] ?? 0)
  }

  /** Drops the samples of `time` and earlier. */
  expire(time: number): void {
    while (this.oldest <= time) this.dropOldest()
  }

  /** Nearest-rank percentile of the durations, `share` from 0 to 1; undefined below two of them. */
  percentile(share: number): number | undefined {
    if (this.orderedLength < 2) return undefined
    return this.ordered[Math.max(0, Math.ceil(share * this.orderedLength) - 1)]
  }

  private dropOldest(): void {
    const kind = this.kinds[this.first]
    const duration = this.durations[this.first] ?? Number.NaN
    if (kind !== undefined) this.count(kind, -1)
    if (!Number.isNaN(duration)) this.remove(duration)
    this.first = (this.first + 1) % this.times.length
    this.length -= 1
  }

  private count(kind: OutcomeSample, change: 1 | -1): void {
    if (kind === 'success') this.successes += change
    else if (kind === 'truncated') this.truncated += change
    else this.failures += change
  }

  /** First position of the ordered durations that is not less than `duration`. */
  private position(duration: number): number {
    let low = 0
    let high = this.orderedLength
    while (low < high) {
      const middle = (low + high) >> 1
      if ((this.ordered[middle] ?? 0) < duration) low = middle + 1
      else high = middle
    }
    return low
  }

  private insert(duration: number): void {
    const at = this.position(duration)
    this.ordered.copyWithin(at + 1, at, this.orderedLength)
    this.ordered[at] = duration
    this.orderedLength += 1
  }

  private remove(duration: number): void {
    const at = this.position(duration)
    this.ordered.copyWithin(at, at + 1, this.orderedLength)
    this.orderedLength -= 1
  }

  private grow(): void {
    const room = Math.min(this.maxSamples, this.times.length * 2)
    const order = Array.from({ length: this.length }, (_unused, index) => (this.first + index) % this.times.length)
    const moved = (from: Float64Array): Float64Array<ArrayBuffer> => {
      const grown = new Float64Array(room)
      order.forEach((source, index) => (grown[index] = from[source] ?? Number.NaN))
      return grown
    }
    this.kinds = order.flatMap((source) => this.kinds[source] ?? [])
    this.times = moved(this.times)
    this.durations = moved(this.durations)
    this.first = 0
    const ordered = new Float64Array(room)
    ordered.set(this.ordered)
    this.ordered = ordered
  }
}
