import { codecs } from '../../src/codecs/registry.ts'
import type { AccountPool } from '../../src/credentials/account-pool.ts'
import { createAccountPool } from '../../src/credentials/memory-account-pool.ts'
import type { CredentialSource } from '../../src/credentials/credential.types.ts'
import { createEngine } from '../../src/engine/create-engine.ts'
import { configuredLimitsOf } from '../../src/engine/limits/caller-rules.ts'
import { createLimiter } from '../../src/engine/limits/create-limiter.ts'
import type { BudgetCrossing } from '../../src/engine/limits/budget-watch.ts'
import type { Limiter } from '../../src/engine/limits/limiter.ts'
import { observeTargets } from '../../src/engine/observe-targets.ts'
import { createMemoryAffinity } from '../../src/state/affinity/memory.ts'
import { createMemoryDisables } from '../../src/state/disables/memory.ts'
import type { DisableStore } from '../../src/state/disables/store.ts'
import { createMemoryHealth } from '../../src/state/health/memory.ts'
import { createMemoryLimits, type MemoryLimits } from '../../src/state/limits/memory.ts'
import type { LimitStore } from '../../src/state/limits/store.ts'
import { healthSettingsOf } from '../../src/state/health/settings.ts'
import type { HealthStore } from '../../src/state/health/store.ts'
import { ClientCall } from '../../src/engine/client-call.ts'
import type { Answer, AnswerStream, Call, Engine } from '../../src/engine/engine.ts'
import { asRequestId } from '../../src/ir/ids.ts'
import type { Principal } from '../../src/ir/principal.ts'
import type { RequestHints } from '../../src/ir/hints.ts'
import type { GatewayError } from '../../src/errors/gateway-error.ts'
import type { RequestRecord } from '../../src/ir/record.ts'
import { ByteBudget } from '../../src/lib/byte-budget.ts'
import { LiveConfig } from '../../src/operations/live-config.ts'
import { Deadlines } from '../../src/lib/deadlines.ts'
import { createProvider } from '../../src/providers/registry.ts'
import { unpackRecord } from '../../src/engine/record/unpack-record.ts'
import type { Transport, UpstreamRequest } from '../../src/transport/transport.ts'
import type { ClientFormat } from './client-formats.ts'
import { compiledConfig } from './gateway-fixture.ts'
import { ManualClock } from './manual-clock.ts'
import type { PackedRecord } from '../../src/state/records/store.ts'
import { compileOverrides } from '../../src/catalog/prices/override-prices.ts'
import { createPriceBook } from '../../src/catalog/prices/price-book.ts'
import type { PriceDataset } from '../../src/catalog/prices/price-dataset.ts'
import type { PriceEntries } from '../../src/catalog/prices/prices.schema.ts'
import { createAttemptLedger } from '../../src/engine/ledger/attempt-ledger.ts'
import type { LedgerEntry } from '../../src/ir/settlement.ts'
import type { Ledger } from '../../src/state/ledger/store.ts'

type Json = Record<string, unknown>

/** A body the test writes piece by piece. */
export class LiveBody {
  readonly stream: ReadableStream<Uint8Array>
  cancelled = false
  private controller!: ReadableStreamDefaultController<Uint8Array>

  constructor() {
    this.stream = new ReadableStream({
      start: (controller) => void (this.controller = controller),
      cancel: () => void (this.cancelled = true),
    })
  }

  push(...texts: string[]): void {
    for (const text of texts) this.controller.enqueue(Buffer.from(text))
  }

  end(): void {
    this.controller.close()
  }

  break(): void {
    this.controller.error(Object.assign(new Error('reset'), { code: 'ECONNRESET' }))
  }

  /** The answer of an upstream that streams this body. */
  answer(contentType = 'text/event-stream'): Response {
    return new Response(this.stream, { headers: { 'content-type': contentType } })
  }
}

/** What the scripted upstream does with its n-th request. */
export type Script = (request: UpstreamRequest, index: number) => Response | Promise<Response>

/** What a test says of a call, besides its body. */
export interface CallOptions {
  readonly signal?: AbortSignal
  readonly headers?: HeadersInit
  readonly hints?: RequestHints
  readonly principal?: Principal
}

export interface TestEngine {
  readonly engine: Engine
  readonly clock: ManualClock
  readonly accounts: AccountPool
  readonly health: HealthStore
  readonly disables: DisableStore
  /** Every model costs a dollar for a million tokens of input, and ten of output. */
  readonly limiter: Limiter
  readonly limits: MemoryLimits
  /** Thresholds of budgets that were passed. */
  readonly crossings: BudgetCrossing[]
  /** Requests the upstreams got. */
  readonly sent: UpstreamRequest[]
  /** Records handed in so far. */
  readonly records: RequestRecord[]
  /** What attempts left for the ledger, in the order in which they ended. */
  readonly settled: LedgerEntry[]
  /** Origins asked whether they take connections; the answer is `reachable`. */
  readonly probed: string[]
  reachable: boolean
  /** An error as the client's format tells it. */
  envelope(client: ClientFormat, error: GatewayError): { readonly status: number; readonly body: unknown }
  /** Works with another configuration from now on. */
  reconfigure(config: Json): void
  call(client: ClientFormat, body: Json, options?: CallOptions): Promise<Answer>
}

/** What a test says of the engine, besides its configuration. */
export interface EngineTestOptions {
  /** Prices as an operator writes them; without one a cost is unknown. */
  readonly prices?: PriceEntries
  /** Limits are counted elsewhere, so whoever acquires something has to wait for the answer. */
  readonly limitsAreRemote?: boolean
  /** Parts of the ledger that behave in a way of their own. */
  readonly ledger?: Partial<Ledger>
  /** What accounts log in with that have more than a fixed key. */
  readonly credentials?: CredentialSource
}

/** An engine whose time stands still and whose upstreams are a function. Providers are given as in the configuration. */
export function testEngine(config: Json, script: Script, options: EngineTestOptions = {}): TestEngine {
  const compiled = compiledConfig(config)
  const clock = new ManualClock()
  const records: RequestRecord[] = []
  const settled: LedgerEntry[] = []
  const sent: UpstreamRequest[] = []
  const probed: string[] = []
  const transport: Transport = {
    send: async (request) => {
      request.signal.throwIfAborted()
      const aborted = new Promise<never>((_resolve, reject) => {
        request.signal.addEventListener('abort', () => reject(request.signal.reason as Error), { once: true })
      })
      return breakable(await Promise.race([script(request, sent.push(request) - 1), aborted]), request.signal)
    },
    isReachable: async (origin) => probed.push(origin) > 0 && fixture.reachable,
    isWarm: () => false,
  }
  const live = new LiveConfig(compiled, (settings) =>
    createProvider(settings, { transport, clock, userAgent: 'switchback/test', credentials: options.credentials }),
  )
  const disables = createMemoryDisables({ clock })
  const accounts = createAccountPool({ providers: live.pooled, clock, disables })
  const health = createMemoryHealth({ clock, settings: healthSettingsOf(compiled.routing.resilience) })
  const limits = createMemoryLimits({ clock })
  const crossings: BudgetCrossing[] = []
  const limiter = createLimiter({
    store: options.limitsAreRemote === true ? answeringLater(limits) : limits,
    settings: compiled.limits,
    limitsOf: configuredLimitsOf(compiled.limits),
    version: () => compiled,
    accountsOf: (id) => compiled.providers.find((provider) => provider.id === id)?.accounts.map((account) => account.id) ?? [],
    priceOf: () => ({ rates: { input: 1e9, output: 10e9 }, contextTiers: [] }),
    clock,
    deadlines: new Deadlines(clock),
    failed: (error) => {
      throw error
    },
    crossed: (crossing) => void crossings.push(crossing),
  })
  const engine = createEngine({
    clock,
    deadlines: new Deadlines(clock),
    revision: () => live.revision,
    accounts,
    health,
    affinity: createMemoryAffinity({ clock }),
    observed: observeTargets({ accounts, health, disables, limiter }),
    limiter,
    records: { append: ({ json }: PackedRecord) => void records.push(unpackRecord(JSON.parse(json))) },
    ledger: createAttemptLedger({
      ledger: collecting(settled, options.ledger),
      prices: { book: createPriceBook(NO_PRICES, compileOverrides(options.prices ?? {})) },
      hostOf: () => '',
      clock,
    }),
    buffers: new ByteBudget(compiled.server.maxBufferedBytes),
    random: () => 0.5,
    salt: () => 'salt',
    modelFacts: ({ provider }) => ({ contextWindow: live.snapshot().providers.get(provider)?.capabilities.maxContextTokens }),
    countTokens: () => Promise.reject(new Error('not part of this test')),
  })
  let calls = 0
  const fixture: TestEngine = {
    engine,
    clock,
    accounts,
    health,
    disables,
    limiter,
    limits,
    crossings,
    sent,
    records,
    settled,
    probed,
    reachable: true,
    envelope: (client, error) => codecs[client.format].encodeError(error, 'req_of_the_test'),
    reconfigure(next) {
      const other = compiledConfig(next)
      live.take(other, live.renewed(other), live.snapshot().revision + 1)
      accounts.configure(live.pooled)
    },
    call: (client, body, more = {}) => engine.generate(callOf(client, body, { ...more, number: ++calls, clock })),
  }
  return fixture
}

const NO_PRICES: PriceDataset = { providerOf: () => undefined, find: () => undefined, entries: () => [] }

const answeringLater = (limits: MemoryLimits): LimitStore => ({
  acquire: async (id, claims) => limits.acquire(id, claims),
  renew: async (ids) => limits.renew(ids),
  settle: async (id, actual) => limits.settle(id, actual),
  release: async (id) => limits.release(id),
  look: async (claims) => limits.look(claims),
})

/** A ledger that keeps what it is given, in this list. */
const collecting = (settled: LedgerEntry[], own: Partial<Ledger> = {}): Ledger => ({
  required: false,
  isKeeping: true,
  append: ({ entry }) => void settled.push(entry),
  durable: () => Promise.resolve(),
  postCommitFailed: () => undefined,
  durability: () => {
    throw new Error('not part of this test')
  },
  ...own,
})

/** As with `fetch`: an abort fails whoever reads the body. */
function breakable(response: Response, signal: AbortSignal): Response {
  const inner = response.body?.getReader()
  if (inner === undefined) return response
  const body = new ReadableStream<Uint8Array>(
    {
      start(controller) {
        if (signal.aborted) return controller.error(signal.reason)
        signal.addEventListener('abort', () => controller.error(signal.reason), { once: true })
      },
      async pull(controller) {
        const { value, done } = await inner.read()
        if (signal.aborted) return
        if (done) controller.close()
        else controller.enqueue(value)
      },
      cancel: (reason) => inner.cancel(reason),
    },
    { highWaterMark: 0 },
  )
  return new Response(body, { status: response.status, headers: response.headers })
}

function callOf(client: ClientFormat, body: Json, options: CallOptions & { number: number; clock: ManualClock }): Call {
  const codec = codecs[client.format]
  const source = JSON.stringify(body)
  const { value, diagnostics } = codec.decodeRequest(JSON.parse(source))
  return new ClientCall({
    requestId: asRequestId(`req_${String(options.number).padStart(32, '0')}`),
    receivedAt: options.clock.now(),
    codec,
    request: value,
    diagnostics,
    body: { bytes: Buffer.from(source), blobs: new Map() },
    headers: new Headers(options.headers),
    hints: options.hints,
    principal: options.principal ?? { role: 'client' },
    signal: options.signal ?? new AbortController().signal,
    decodeAgain: () => codec.decodeRequest(JSON.parse(source)).value,
  })
}

/** The stream of an answer; throws when it is none. */
export function streamOf(answer: Answer): AnswerStream {
  if (answer.kind !== 'stream')
    throw new Error(`the answer is ${answer.kind}: ${answer.kind === 'error' ? answer.error.message : ''}`)
  return answer.stream
}

/** The error of an answer; throws when it is none. */
export function errorOf(answer: Answer): Extract<Answer, { kind: 'error' }>['error'] {
  if (answer.kind !== 'error') throw new Error(`the answer is no error but ${answer.kind}`)
  return answer.error
}

/** Everything that is left of a stream, as text. */
export async function drained(stream: AnswerStream): Promise<string> {
  let text = ''
  for (let chunk = await stream.next(); chunk !== undefined; chunk = await stream.next()) text += Buffer.from(chunk).toString()
  return text
}
