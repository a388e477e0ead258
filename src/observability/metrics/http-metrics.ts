import type { Cell, CellFamily } from './metric-family.ts'
import type { MetricRegistry } from './registry.ts'

/** Counts every response of the HTTP interface, also of callers that were never admitted. */
export class HttpMetrics {
  private readonly family: CellFamily
  /** By route, then by class of the status: 1 to 5. */
  private readonly known = new Map<string, (Cell | undefined)[]>()

  constructor(registry: MetricRegistry) {
    this.family = registry.counter({
      name: 'switchback_http_responses_total',
      help: 'Responses of the HTTP interface, by route and class of the status; refusals before a call is a call are here alone.',
      labels: ['route', 'status'],
    })
  }

  /** `route` is a name of the table of routes. */
  ended(route: string, status: number): void {
    const statusClass = Math.floor(status / 100)
    let cells = this.known.get(route)
    if (cells === undefined) this.known.set(route, (cells = []))
    const cell = (cells[statusClass] ??= this.family.of(route, `${statusClass}xx`))
    cell.add()
  }
}
