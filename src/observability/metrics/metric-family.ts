import type { Histogram } from './histogram.ts'

/** Value of a label for what is neither of the configuration nor of a fixed set. */
export const OTHER = 'other'

/** A bound for the case that all others fail: what comes after so many series of one family is counted as `other`. */
const MOST_SERIES = 5_000

export interface FamilyOptions<Label extends string = string> {
  /** As Prometheus names it. */
  readonly name: string
  readonly help: string
  readonly labels?: readonly Label[]
}

/** A number that only grows, or a gauge. */
export class Cell {
  value = 0

  add(amount = 1): void {
    this.value += amount
  }
}

/** One series: the values of its labels, in the order of the family's. */
export interface Series<Kind> {
  readonly values: readonly string[]
  readonly cell: Kind
}

/**
 * All series of one name. `series` finds or makes one, by the values of its labels; callers keep what they get, so that counting needs no
 * look-up. Values must come from the configuration or from a fixed set.
 */
export class MetricFamily<Kind, Label extends string = string> {
  readonly name: string
  readonly help: string
  readonly labels: readonly Label[]
  private readonly create: () => Kind
  private readonly byKey = new Map<string, Series<Kind>>()

  constructor(options: FamilyOptions<Label>, create: () => Kind) {
    this.name = options.name
    this.help = options.help
    this.labels = options.labels ?? []
    this.create = create
  }

  of(...values: readonly string[]): Kind {
    const key = values.join('\u0000')
    const known = this.byKey.get(key)
    if (known !== undefined) return known.cell
    if (this.byKey.size >= MOST_SERIES && values.some((value) => value !== OTHER)) return this.of(...values.map(() => OTHER))
    const cell = this.create()
    this.byKey.set(key, { values, cell })
    return cell
  }

  /** Every series, in the order in which they were made. */
  get all(): IterableIterator<Series<Kind>> {
    return this.byKey.values()
  }

  get size(): number {
    return this.byKey.size
  }

  /** Forgets every series, before gauges are read anew. */
  clear(): void {
    this.byKey.clear()
  }
}

export type CellFamily = MetricFamily<Cell>
export type HistogramFamily = MetricFamily<Histogram>

/** What a family counts. `gauge` is read anew each time. */
export type Metric =
  | { readonly type: 'counter' | 'gauge'; readonly family: CellFamily }
  | { readonly type: 'histogram'; readonly family: HistogramFamily; readonly bounds: readonly number[] }
