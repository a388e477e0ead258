import type { UsageEvent } from './usage-events.ts'
import type { UsageSource } from './usage-desk.ts'

/** What one request cost by the ledger, all its attempts together. Money is in nano-dollars. */
export interface RequestCost {
  /** Of the attempts whose cost is known. */
  readonly nanos: number
  readonly attempts: number
  /** Attempts whose cost is not known. */
  readonly unknown: number
  /** Attempts of which only the reservation is known. */
  readonly lost: number
  /** Of `nanos`, what attempts cost that did not serve. */
  readonly wasted_nanos: number
  /** Of `nanos`, what was corrected later. */
  readonly adjusted_nanos: number
  /** What prompt caches saved. */
  readonly saved_nanos: number
  /** Where the prices come from: source and version. */
  readonly prices: readonly string[]
}

/** A request has few attempts; more entries than this it never has. */
const MOST_ENTRIES = '1000'

/** What the ledger says of a request; undefined when it has nothing. */
export async function requestCost(source: Pick<UsageSource, 'events'>, request: string): Promise<RequestCost | undefined> {
  const { events } = await source.events({ request, limit: MOST_ENTRIES })
  return events.length === 0 ? undefined : costOfEvents(events)
}

function costOfEvents(events: readonly UsageEvent[]): RequestCost {
  const settled = events.filter(({ kind }) => kind === 'settlement' || kind === 'late')
  const adjustments = events.filter(({ kind }) => kind === 'adjustment')
  const lost = events.filter(({ kind }) => kind === 'lost').length - events.filter(({ kind }) => kind === 'late').length
  const priced = new Set(adjustments.map((event) => event['attempt']))
  const unknown = settled.filter((event) => event['nanos'] === undefined && !priced.has(event['attempt']))
  const served = new Set(settled.filter(({ outcome }) => outcome === 'success').map((event) => event['attempt']))
  return {
    nanos: sum(events, 'nanos'),
    attempts: settled.length + lost,
    unknown: unknown.length,
    lost,
    wasted_nanos: sum(
      events.filter((event) => !served.has(event['attempt'])),
      'nanos',
    ),
    adjusted_nanos: sum(adjustments, 'nanos'),
    saved_nanos: sum(events, 'saved_nanos'),
    prices: [...new Set(events.flatMap(priceOf))],
  }
}

const sum = (events: readonly UsageEvent[], name: string): number =>
  events.reduce((total, { [name]: value }) => total + (typeof value === 'number' ? value : 0), 0)

function priceOf({ price }: UsageEvent): string[] {
  if (typeof price !== 'object' || price === null || !('source' in price) || !('version' in price)) return []
  return [`${String(price.source)} ${String(price.version)}`]
}
