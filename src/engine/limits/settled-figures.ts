/** Samples kept of each series, and how many are needed before they are believed. */
const KEPT = 64
const ENOUGH = 5
/** Models are named by clients, so the memory of them is bounded. */
const MOST_SERIES = 4_096
/** A figure is worked out anew when so large a share of the samples is new: sorting them for each call would cost more than it tells. */
const NEW_SHARE = 1 / 8

class Series {
  private readonly values = new Float64Array(KEPT)
  private count = 0
  private next = 0
  private added = 0
  private known: number | undefined = undefined

  add(value: number): void {
    this.values[this.next] = value
    this.next = (this.next + 1) % KEPT
    if (this.count < KEPT) this.count += 1
    this.added += 1
  }

  get percentile95(): number | undefined {
    const { values, count } = this
    if (count < ENOUGH) return undefined
    if (this.known === undefined || this.added >= count * NEW_SHARE) {
      this.added = 0
      this.known = values.slice(0, count).sort()[Math.ceil(count * 0.95) - 1]
    }
    return this.known
  }
}

/** What calls of one caller to one model came to. */
export class CallerFigures {
  private readonly own: Series
  private readonly all: Series

  constructor(own: Series, all: Series) {
    this.own = own
    this.all = all
  }

  add(value: number): void {
    this.own.add(value)
    this.all.add(value)
  }

  /** The figure that 95 of 100 calls do not exceed, of all callers where this one has too few; undefined while too few are known. */
  get percentile95(): number | undefined {
    return this.own.percentile95 ?? this.all.percentile95
  }
}

/**
 * What calls really came to, by who called and which model: the last 64 figures of each. A caller without enough of its own is judged by
 * all calls to the model.
 */
export class SettledFigures {
  private readonly series = new Map<string, Series>()

  of(caller: string, model: string): CallerFigures {
    return new CallerFigures(this.seriesOf(`${model}\n${caller}`), this.seriesOf(model))
  }

  add(caller: string, model: string, value: number): void {
    this.of(caller, model).add(value)
  }

  percentile95(caller: string, model: string): number | undefined {
    return this.of(caller, model).percentile95
  }

  private seriesOf(name: string): Series {
    const known = this.series.get(name)
    // Who was heard of last only matters where somebody has to go soon.
    if (known !== undefined && this.series.size < MOST_SERIES / 2) return known
    const series = known ?? new Series()
    this.series.delete(name)
    this.series.set(name, series)
    if (this.series.size > MOST_SERIES) {
      const [oldest] = this.series.keys()
      if (oldest !== undefined) this.series.delete(oldest)
    }
    return series
  }
}
