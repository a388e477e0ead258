import { Histogram } from './histogram.ts'
import { Cell, MetricFamily, type CellFamily, type FamilyOptions, type HistogramFamily, type Metric } from './metric-family.ts'

/** Brings gauges up to date, just before they are read. */
export type Collector = () => void

/** Everything that is measured. A gateway has one; nothing in it is global. */
export class MetricRegistry {
  private readonly known: Metric[] = []
  private readonly collectors: Collector[] = []

  counter(options: FamilyOptions): CellFamily {
    const family = new MetricFamily(options, () => new Cell())
    this.known.push({ type: 'counter', family })
    return family
  }

  gauge(options: FamilyOptions): CellFamily {
    const family = new MetricFamily(options, () => new Cell())
    this.known.push({ type: 'gauge', family })
    return family
  }

  histogram(options: FamilyOptions & { readonly bounds: readonly number[] }): HistogramFamily {
    const { bounds } = options
    const family = new MetricFamily(options, () => new Histogram(bounds))
    this.known.push({ type: 'histogram', family, bounds })
    return family
  }

  /** `collect` runs before every reading. Its gauges should be cleared by it, so that what is gone disappears. */
  onRead(collect: Collector): void {
    this.collectors.push(collect)
  }

  /** All metrics as they are now, in the order in which they were defined. */
  read(): readonly Metric[] {
    for (const collect of this.collectors) collect()
    return this.known
  }
}
