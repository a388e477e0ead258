import { costOf } from '../catalog/prices/cost-of.ts'
import type { PriceBook } from '../catalog/prices/price-book.ts'
import { GatewayError } from '../errors/gateway-error.ts'
import type { RequestRecord } from '../ir/record.ts'
import type { RecordSummary } from '../state/records/store.ts'
import type { RecordSource } from './record-source.ts'
import { type Story, type StoryCost, tellStory } from './tell-story.ts'

export interface Explanation {
  readonly record: RequestRecord
  readonly story: Story
  readonly cost?: StoryCost | undefined
}

export interface ExplainOptions {
  /** What the call cost; without it money is not told. */
  readonly costOf?: ((record: RequestRecord) => StoryCost | undefined | Promise<StoryCost | undefined>) | undefined
}

/** Finds a request by id, beginning of an id or `last`. Throws `record_not_found`. */
export async function findRecord(source: Pick<RecordSource, 'get'>, which: string): Promise<RequestRecord> {
  const record = await source.get(which)
  if (record !== undefined) return record
  const message =
    which === 'last'
      ? 'No request has been recorded yet. Send one first; records appear within a quarter of a second after the answer has ended.'
      : `No record of request "${which}". Records appear when the answer has ended, and are deleted after the retention time. "switchback explain last" shows the newest.`
  throw new GatewayError('record_not_found', message)
}

/** Finds a request and tells what happened to it. Throws `record_not_found`. */
export async function explainRequest(
  source: Pick<RecordSource, 'get'>,
  which: string,
  options: ExplainOptions = {},
): Promise<Explanation> {
  const record = await findRecord(source, which)
  const cost = await options.costOf?.(record)
  return { record, cost, story: tellStory(record, cost) }
}

/** Most requests of a session that are told; a list holds no more. */
const MOST_OF_SESSION = 1000

export interface SessionExplanation {
  readonly session: string
  /** In the order in which they came; the newest 1000 of a longer session. */
  readonly requests: readonly RecordSummary[]
}

/** The requests of one session. Throws `record_not_found` when there are none. */
export async function explainSession(source: Pick<RecordSource, 'list'>, session: string): Promise<SessionExplanation> {
  const newestFirst = session === '' ? [] : await source.list({ sessionId: session, limit: MOST_OF_SESSION })
  if (newestFirst.length === 0)
    throw new GatewayError(
      'record_not_found',
      `No request of session "${session}" is recorded. "switchback explain last" shows the session of the newest request.`,
    )
  return { session, requests: newestFirst.toReversed() }
}

/** What a recorded call cost by a book of prices, at the time it was made. */
export function recordedCost(
  record: RequestRecord,
  prices: PriceBook,
  hosts: ReadonlyMap<string, string>,
): StoryCost | undefined {
  const attempt = record.attempts.findLast(({ target_id }) => target_id === record.served)
  if (attempt === undefined || record.usage === undefined) return undefined
  const { provider_id: providerId, model } = attempt
  const quote = prices.priceOf({ providerId, host: hosts.get(providerId) ?? '', model }, record.started_at)
  if (quote === undefined) return { nanoDollars: undefined, source: undefined }
  return {
    nanoDollars: costOf(record.usage, quote.price)?.nanoDollars,
    source: `${quote.source} ${quote.version}`,
  }
}
