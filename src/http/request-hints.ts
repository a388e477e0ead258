import { GatewayError } from '../errors/gateway-error.ts'
import type { RequestHints } from '../ir/hints.ts'
import { isObject } from '../ir/json.ts'
import { withoutMembers } from '../lib/json-without-members.ts'
import { listedModels, modelList } from '../operations/listed-models.ts'
import type { ParsedBody } from './parse-body.ts'

/** A day; whoever waits longer waits for nothing. */
const LONGEST_DEADLINE_MS = 86_400_000
const NANOS = 1_000_000_000

/** Headers with hints, and how each is read. */
const READERS: readonly (readonly [header: string, read: (text: string, header: string) => RequestHints])[] = [
  ['x-switchback-models', (text, header) => ({ models: modelList(text.split(','), `The header ${header}`, header) })],
  ['x-switchback-max-price', (text, header) => ({ maxPricePerMillion: price(text, header) })],
  ['x-switchback-latency', (text, header) => ({ latency: oneOf(['interactive', 'batch'] as const, text, header) })],
  [
    'x-switchback-no-fallback',
    (text, header) => ({ noFallback: /true|1/.test(oneOf(['true', 'false', '1', '0'], text, header)) }),
  ],
  ['x-switchback-deadline-ms', (text, header) => ({ deadlineMs: deadline(text, header) })],
  ['x-switchback-strategy', (text, header) => ({ strategy: strategy(text, header) })],
]

/**
 * What a client asks of routing in its headers, and in a `models` list in its body. Undefined when it asks for nothing, which is the
 * ordinary case and costs a look at each header. Throws `invalid_body` naming the header or field.
 */
export function readHints(headers: Headers, body: unknown): RequestHints | undefined {
  let hints: RequestHints | undefined
  for (const [header, read] of READERS) {
    const text = headers.get(header)
    if (text !== null) hints = { ...hints, ...read(text.trim(), header) }
  }
  // The body is the request itself, so it goes before a header that a proxy may have added.
  const models = listedModels(body)
  return models === undefined ? hints : { ...hints, models }
}

/** The body without the list of models: it is a word to the gateway, and upstreams would refuse it or follow it themselves. */
export function withoutHints(parsed: ParsedBody): ParsedBody {
  if (!isObject(parsed.value) || !Object.hasOwn(parsed.value, 'models')) return parsed
  const { models: _models, ...value } = parsed.value
  // The text is that of the whole body: positions found in the shorter bytes would be wrong in it.
  return { value, body: { bytes: withoutMembers(parsed.body.bytes, ['models']), text: undefined, blobs: parsed.body.blobs } }
}

/** US dollars for a million input and a million output tokens together. */
function price(text: string, header: string): number {
  const dollars = /^\d{1,9}(\.\d{1,9})?$/.test(text) ? Number(text) : 0
  if (dollars > 0) return Math.round(dollars * NANOS)
  throw refusal(
    header,
    `The header ${header} must be a price in US dollars for a million input and a million output tokens together, such as 12.5.`,
  )
}

function deadline(text: string, header: string): number {
  const milliseconds = /^\d{1,9}$/.test(text) ? Number(text) : 0
  if (milliseconds >= 1 && milliseconds <= LONGEST_DEADLINE_MS) return milliseconds
  throw refusal(header, `The header ${header} must be a whole number of milliseconds between 1 and ${LONGEST_DEADLINE_MS}.`)
}

function strategy(text: string, header: string): string {
  if (/^[a-z][a-z0-9._/-]{0,63}$/.test(text)) return text
  throw refusal(header, `The header ${header} must be the name of a strategy, such as lowest_cost.`)
}

function oneOf<Value extends string>(values: readonly Value[], text: string, header: string): Value {
  const found = values.find((value) => value === text.toLowerCase())
  if (found !== undefined) return found
  throw refusal(header, `The header ${header} must be one of ${values.join(', ')}.`)
}

const refusal = (param: string, message: string): GatewayError => new GatewayError('invalid_body', message, { param })
