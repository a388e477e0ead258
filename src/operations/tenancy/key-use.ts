import type { RecordSource } from '../record-source.ts'

/** What a key was used for lately, from the records of its calls. */
export interface KeyUse {
  /** Unix milliseconds. */
  readonly since: number
  readonly requests: number
  readonly errors: number
  readonly last_used_at?: number | undefined
  /** Most used first. */
  readonly models: readonly Counted[]
  /** Families of client programs, most used first. */
  readonly agents: readonly Counted[]
  /** Conversations, most calls first. */
  readonly sessions: readonly Counted[]
  /** Hours in which there was a call, oldest first. */
  readonly hours: readonly HourOfUse[]
  /** There were more calls than are looked at. */
  readonly incomplete?: true | undefined
}

interface Counted {
  readonly name: string
  readonly requests: number
}

interface HourOfUse {
  /** Unix milliseconds of its beginning. */
  readonly from: number
  readonly requests: number
  readonly errors: number
  readonly input_tokens: number
  readonly output_tokens: number
}

const DAY_MS = 86_400_000
const HOUR_MS = 3_600_000
const MOST_RECORDS = 5_000

/** Sums up the calls of the last day. */
export async function keyUse(records: Pick<RecordSource, 'scan'>, keyId: string, now: number): Promise<KeyUse> {
  const since = Math.floor((now - DAY_MS) / HOUR_MS) * HOUR_MS
  const models = new Map<string, number>()
  const agents = new Map<string, number>()
  const sessions = new Map<string, number>()
  const hours = new Map<number, { requests: number; errors: number; input_tokens: number; output_tokens: number }>()
  let requests = 0
  let errors = 0
  let last: number | undefined
  for await (const record of records.scan({ apiKeyId: keyId, sinceMs: since, limit: MOST_RECORDS })) {
    const from = Math.floor(record.started_at / HOUR_MS) * HOUR_MS
    const hour = hours.get(from) ?? { requests: 0, errors: 0, input_tokens: 0, output_tokens: 0 }
    const isError = record.error_code !== undefined
    requests++
    hour.requests++
    if (isError) {
      errors++
      hour.errors++
    }
    hour.input_tokens += record.usage?.inputTokens ?? 0
    hour.output_tokens += record.usage?.outputTokens ?? 0
    hours.set(from, hour)
    count(models, record.requested_model)
    count(agents, record.decision.inputs.client ?? 'unknown')
    if (record.session_id !== undefined) count(sessions, record.session_id)
    last = Math.max(last ?? 0, Math.floor(record.started_at))
  }
  return {
    since,
    requests,
    errors,
    last_used_at: last,
    models: ranked(models),
    agents: ranked(agents),
    sessions: ranked(sessions),
    hours: [...hours].map(([from, sums]) => ({ from, ...sums })).sort((left, right) => left.from - right.from),
    incomplete: requests === MOST_RECORDS ? true : undefined,
  }
}

const count = (counts: Map<string, number>, name: string): void => void counts.set(name, (counts.get(name) ?? 0) + 1)

const MOST_RANKED = 20

const ranked = (counts: ReadonlyMap<string, number>): Counted[] =>
  [...counts]
    .map(([name, requests]) => ({ name, requests }))
    .sort((left, right) => right.requests - left.requests || (left.name < right.name ? -1 : 1))
    .slice(0, MOST_RANKED)
