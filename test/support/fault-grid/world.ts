import { asProviderId, targetIdOf } from '../../../src/ir/ids.ts'
import type { Target } from '../../../src/ir/target.ts'
import type { UpstreamRequest } from '../../../src/transport/transport.ts'
import type { ClientFormat } from '../client-formats.ts'
import { drained, streamOf, testEngine, type TestEngine } from '../engine-fixture.ts'
import type { Column, FaultName, Mode } from './expected.data.ts'
import { answers, FAULTS } from './faults.ts'
import { BASE_DELAY_MS, COMMIT_AFTER_MS, CONNECT_MS, FIRST_TOKEN_MS, SILENCE_MS } from './timing.data.ts'

type Json = Record<string, unknown>

/** One account of one target. */
export interface Place {
  readonly provider: string
  readonly account: string
}

/** What a column of the grid has: accounts by provider, in order, retries, and which of the calls meet the fault. */
interface World {
  readonly accounts: Readonly<Record<string, readonly string[]>>
  readonly maxRetries: number
  readonly strikes: (place: Place, call: number) => boolean
}

export const WORLDS: Readonly<Record<Column, World>> = {
  retry: { accounts: { one: ['a'] }, maxRetries: 1, strikes: (_place, call) => call === 0 },
  'next account': { accounts: { one: ['a', 'b'] }, maxRetries: 0, strikes: ({ account }) => account === 'a' },
  'next target': { accounts: { one: ['a'], two: ['c'] }, maxRetries: 0, strikes: ({ provider }) => provider === 'one' },
  exhausted: { accounts: { one: ['a', 'b'], two: ['c'] }, maxRetries: 1, strikes: () => true },
}

/** Failures in a row that open a circuit; more than any cell has, so that they can be counted. */
const THRESHOLD = 20

export const targetOf = (provider: string, model = 'm'): Target => ({
  id: targetIdOf(provider, model),
  provider: asProviderId(provider),
  model,
  format: 'openai',
})

/** What the client saw. */
export type Seen =
  | { readonly kind: 'whole'; readonly text: string }
  | { readonly kind: 'stream'; readonly raw: string }
  | { readonly kind: 'error'; readonly status: number; readonly body: unknown; readonly retryAfterMs: number | undefined }

export interface Cell {
  readonly tested: TestEngine
  readonly seen: Seen
  /** Places called, in order. */
  readonly called: readonly Place[]
}

export interface CellOptions {
  readonly fault: FaultName
  readonly mode: Mode
  readonly column: Column
  readonly client: ClientFormat
  readonly upstream: ClientFormat
}

/** Makes one call in the column's world, with time running until the client has everything. */
export async function playCell({ fault, mode, column, client, upstream }: CellOptions): Promise<Cell> {
  const { accounts, maxRetries, strikes } = WORLDS[column]
  const called: Place[] = []
  const stream = mode === 'stream'
  const tested = testEngine(configOf(accounts, maxRetries, upstream), (request) => {
    const place = placeOf(request)
    called.push(place)
    const asked = { format: upstream, stream, clock: tested.clock }
    return strikes(place, called.length - 1) ? FAULTS[fault](asked) : answers(asked)
  })
  tested.reachable = fault !== 'a black hole'
  return { tested, seen: await elapsed(tested, readBy(tested, client, stream)), called }
}

function configOf(accounts: World['accounts'], maxRetries: number, upstream: ClientFormat): Json {
  const providers = Object.entries(accounts).map(([id, names]) => ({
    id,
    type: 'openai_compatible',
    format: upstream.format,
    base_url: `http://127.0.0.1:9/${id}/v1`,
    auth_scheme: { kind: 'bearer' },
    accounts: names.map((name, index) => ({ id: name, api_key: `key-${name}`, priority: index })),
  }))
  return {
    server: {
      circuit_breaker: { failure_threshold: THRESHOLD },
      retry: { base_delay_ms: BASE_DELAY_MS },
      stream: { commit_after_ms: COMMIT_AFTER_MS },
      timeouts: { connect_ms: CONNECT_MS, first_token_ms: FIRST_TOKEN_MS, read_ms: SILENCE_MS },
    },
    providers,
    routes: [
      {
        name: 'r',
        match: { model: 'r' },
        targets: Object.keys(accounts).map((id) => `${id}/m`),
        retry: { max_retries: maxRetries },
      },
    ],
  }
}

const placeOf = ({ url, headers }: UpstreamRequest): Place => ({
  provider: new URL(url).pathname.split('/')[1] ?? '',
  account: (headers['authorization'] ?? headers['x-api-key'] ?? '').replace(/^.*key-/, ''),
})

async function readBy(tested: TestEngine, client: ClientFormat, stream: boolean): Promise<Seen> {
  const answer = await tested.call(client, client.call('r', stream ? { stream } : {}))
  if (answer.kind === 'error') {
    const { status, body } = tested.envelope(client, answer.error)
    return { kind: 'error', status, body, retryAfterMs: answer.error.retryAfterMs }
  }
  if (answer.kind === 'whole') return { kind: 'whole', text: client.textOf(JSON.parse(Buffer.from(answer.body).toString())) }
  return { kind: 'stream', raw: await drained(streamOf(answer)) }
}

/** Lets time run until the promise is kept. */
async function elapsed<Value>({ clock }: Pick<TestEngine, 'clock'>, promise: Promise<Value>): Promise<Value> {
  const kept: Value[] = []
  void promise.then((value) => kept.push(value))
  for (let second = 0; second < 120; second++) {
    await clock.advance(second === 0 ? 0 : 1_000)
    const [value] = kept
    if (value !== undefined) return value
  }
  throw new Error('nothing came within two minutes')
}

/** Failures that the circuit of a target has counted since its last success, found by adding to them until it opens. */
export function failuresOfTarget({ health }: TestEngine, target: Target): number {
  // Without a category a failure says something of the target and nothing of its provider.
  return THRESHOLD - untilOpen(health, target, () => ({ kind: 'failure', streamed: false }))
}

/** The same of a whole provider, by failures to reach it for another of its models. */
export function failuresOfProvider(tested: TestEngine, provider: string): number {
  const probe = targetOf(provider, 'probe')
  return THRESHOLD - untilOpen(tested.health, probe, () => ({ kind: 'failure', category: 'network', streamed: false }))
}

function untilOpen(
  health: TestEngine['health'],
  target: Target,
  failure: () => { kind: 'failure'; category?: 'network'; streamed: boolean },
): number {
  for (let further = 0; further <= THRESHOLD; further++) {
    if (health.observe(target).circuit === 'open') return further
    const permit = health.admit(target)
    if (permit.admitted) permit.settle(failure())
  }
  throw new Error(`the circuit of ${target.id} never opens`)
}
