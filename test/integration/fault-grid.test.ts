import { describe, expect, test } from 'bun:test'
import type { AccountLockView } from '../../src/credentials/account-pool.ts'
import type { RequestRecord } from '../../src/ir/record.ts'
import { CHAT, GEMINI, MESSAGES, RESPONSES, type ClientFormat } from '../support/client-formats.ts'
import {
  COLUMNS,
  EXPECTED,
  RULES,
  type Column,
  type FaultName,
  type Mode,
  type Outcome,
  type Path,
  type Row,
  type Rule,
} from '../support/fault-grid/expected.data.ts'
import { FIRST_WORD, WORDS } from '../support/fault-grid/faults.ts'
import { BASE_DELAY_MS, TICK_MS } from '../support/fault-grid/timing.data.ts'
import { walk, type Step } from '../support/fault-grid/walk.ts'
import { failuresOfProvider, failuresOfTarget, playCell, targetOf, WORLDS, type Cell } from '../support/fault-grid/world.ts'

/** The client's format over the upstream's: bytes that go through, and answers that are translated. */
const PATHS: readonly (readonly [Path, ClientFormat, ClientFormat])[] = [
  ['passed through', CHAT, CHAT],
  ['passed through', MESSAGES, MESSAGES],
  ['passed through', RESPONSES, RESPONSES],
  ['passed through', GEMINI, GEMINI],
  ['translated', MESSAGES, CHAT],
  ['translated', GEMINI, CHAT],
  ['translated', MESSAGES, GEMINI],
]

const MODES: readonly Mode[] = ['stream', 'buffered']

describe.each(PATHS.map(([path, client, upstream]) => [`${path} to ${client.format}`, client, upstream] as const))(
  'faults of upstreams, %s',
  (_name, client, upstream) => {
    for (const [name, row] of Object.entries(EXPECTED) as [FaultName, Row][]) {
      for (const mode of MODES) {
        const outcome = row[mode]
        if (outcome === undefined) continue
        for (const column of COLUMNS) {
          test(`${name}, ${mode}, with ${column}`, async () => {
            const cell = await playCell({ fault: name, mode, column, client, upstream })
            const steps = walk(outcome, column)
            const [record, ...others] = cell.tested.records
            expect(others).toEqual([])
            if (record === undefined) throw new Error('there is no record')
            clientSees({ cell, client, upstream, mode, outcome, steps })
            recordTells({ record, upstream, outcome, steps })
            locksHold({ cell, record, outcome, steps })
            circuitsCount({ cell, column, outcome, steps })
            nothingIsLeft(cell)
          })
        }
      }
    }
  },
)

interface Expectation {
  readonly cell: Cell
  readonly outcome: Outcome
  readonly steps: readonly Step[]
}

const ruleOf = ({ code }: Outcome): Rule | undefined => (code === undefined ? undefined : RULES[code])

/** Whether the last attempt served the client. */
const isServed = (steps: readonly Step[]): boolean => steps.at(-1)?.next === undefined

/** Status of the client's answer: the upstream's own where it is one of an error. */
const statusOf = (outcome: Outcome, upstream: ClientFormat): number => {
  const { upstreamStatus = 0, vendorStatus } = outcome
  return upstreamStatus >= 400 ? upstreamStatus : (vendorStatus?.[upstream.format] ?? ruleOf(outcome)?.status ?? 200)
}

interface AnswerExpectation extends Expectation {
  readonly client: ClientFormat
  readonly upstream: ClientFormat
  readonly mode: Mode
}

function clientSees({ cell, client, upstream, mode, outcome, steps }: AnswerExpectation): void {
  const { seen, called } = cell
  expect(called).toEqual(steps.map(({ provider, account }) => ({ provider, account })))
  if (isServed(steps)) {
    if (seen.kind === 'stream') {
      expect(client.streamText(seen.raw)).toBe(WORDS)
      expect(client.hasEnd(seen.raw)).toBe(true)
      expect(client.inBandError(seen.raw)).toBeUndefined()
    } else expect(seen).toEqual({ kind: 'whole', text: WORDS })
    expect(seen.kind === 'stream').toBe(mode === 'stream')
    return
  }
  if (outcome.inBand === true) {
    if (seen.kind !== 'stream') throw new Error(`the client saw ${seen.kind}`)
    expect(client.streamText(seen.raw)).toBe(FIRST_WORD)
    expect(client.inBandError(seen.raw)?.message).toBeString()
    expect(client.hasEnd(seen.raw) && client !== CHAT).toBe(false)
    return
  }
  if (seen.kind !== 'error') throw new Error(`the client saw ${seen.kind}`)
  expect(seen.status).toBe(statusOf(outcome, upstream))
  expect(seen.retryAfterMs).toBe(outcome.retryAfterMs)
  const { message, requestId } = client.errorOf(seen.body)
  expect(message.length).toBeGreaterThan(0)
  expect(message).not.toContain('key-')
  expect(requestId).toBe('req_of_the_test')
}

interface RecordExpectation extends Omit<Expectation, 'cell'> {
  readonly record: RequestRecord
  readonly upstream: ClientFormat
}

function recordTells({ record, upstream, outcome, steps }: RecordExpectation): void {
  const { code, lastsMs = 0, upstreamStatus, inBand } = outcome
  const last = steps.at(-1)
  const served = isServed(steps)
  expect(record).toMatchObject({ status: served || inBand === true ? 200 : statusOf(outcome, upstream) })
  expect(record.error_code).toBe(served ? undefined : code)
  if (served) expect(record.served).toBe(`${last?.provider}/m`)
  expect(
    record.attempts.map((attempt) => ({
      place: `${attempt.provider_id} ${attempt.account_id}`,
      outcome: attempt.outcome,
      code: attempt.error_code,
      next: attempt.next,
      upstream: attempt.upstream_status,
    })),
  ).toEqual(
    steps.map(({ provider, account, next }) => ({
      place: `${provider} ${account}`,
      outcome: next === undefined ? 'success' : 'failed',
      code: next === undefined ? undefined : code,
      next,
      upstream: next === undefined ? 200 : upstreamStatus,
    })),
  )
  for (const [index, { started_ms: startedMs, latency_ms: latencyMs, next }] of record.attempts.entries()) {
    if (next !== undefined) expect(latencyMs).toBeWithin(lastsMs, lastsMs + 2 * TICK_MS + 1)
    const following = record.attempts[index + 1]
    // Jitter takes half of the first pause.
    if (following !== undefined)
      expect(following.started_ms - startedMs - latencyMs).toBeCloseTo(next === 'retry' ? BASE_DELAY_MS / 2 : 0, 6)
  }
}

/** An account that was left for good is locked from the end of its last attempt on, for as long as the upstream or the table says. */
function locksHold({ cell, record, outcome, steps }: Expectation & { record: RequestRecord }): void {
  const { clock, accounts } = cell.tested
  const locks = ruleOf(outcome)?.locks
  const expected = new Map<string, { scope: string; code: string; untilMs: number }>()
  for (const [index, { provider, account, next }] of steps.entries()) {
    const attempt = record.attempts[index]
    if (attempt === undefined || next === undefined || next === 'retry' || locks === undefined) continue
    const untilMs = attempt.started_ms + attempt.latency_ms + (outcome.retryAfterMs ?? locks.ms)
    if (untilMs > clock.now()) expected.set(`${provider} ${account}`, { scope: locks.scope, code: outcome.code ?? '', untilMs })
  }
  const found = new Map(
    accounts
      .snapshot()
      .flatMap(({ provider, id, locks: held }) =>
        held.map((lock: AccountLockView) => [
          `${provider} ${id}`,
          { scope: lock.scope, code: lock.error_code, untilMs: Math.round(lock.retry_after_ms + clock.now()) },
        ]),
      ),
  )
  expect(found as unknown).toEqual(
    new Map([...expected].map(([place, lock]) => [place, { ...lock, untilMs: Math.round(lock.untilMs) }])) as unknown,
  )
}

/** Failures of the target since its last success, and those in which its provider was not reached. */
function circuitsCount({ cell, column, outcome, steps }: Expectation & { column: Column }): void {
  const counts = ruleOf(outcome)?.counts === true
  for (const provider of Object.keys(WORLDS[column].accounts)) {
    const own = steps.filter((step) => step.provider === provider)
    const inRow = own.at(-1)?.next === undefined ? 0 : own.length
    const { health } = cell.tested
    expect(health.observe(targetOf(provider))).toMatchObject({ circuit: 'closed', inFlight: 0 })
    expect({ provider, target: failuresOfTarget(cell.tested, targetOf(provider)) }).toEqual({
      provider,
      target: counts ? inRow : 0,
    })
    expect({ provider, unreached: failuresOfProvider(cell.tested, provider) }).toEqual({
      provider,
      unreached: outcome.unreached === true ? inRow : 0,
    })
  }
}

function nothingIsLeft({ tested }: Cell): void {
  expect(tested.engine.active).toBe(0)
}
