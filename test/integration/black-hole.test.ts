import { describe, expect, test } from 'bun:test'
import type { UpstreamBody } from '../../src/transport/transport.ts'
import { CHAT } from '../support/client-formats.ts'
import { testEngine, type TestEngine } from '../support/engine-fixture.ts'

/** Calls arrive one after the other, this far apart in ms. */
const APART_MS = 50
const CALLS = 200
const CONNECT_MS = 1_000
/** Most calls at once to a target of the provider that becomes a black hole. */
const LIMIT = 4

/** How long a working upstream takes for its n-th answer, in ms; varied, so that a median means something. */
const answerMs = (index: number): number => 100 + ((index * 37) % 100)

const provider = (id: string, extra: Record<string, unknown> = {}): Record<string, unknown> => ({
  id,
  type: 'openai_compatible',
  base_url: `http://127.0.0.1:9/${id}/v1`,
  auth_scheme: { kind: 'none' },
  ...extra,
})

interface Run {
  readonly tested: TestEngine
  /** Of each call to the model, in order, in ms. */
  readonly latencies: readonly number[]
  /** Most calls under way at the provider `hole` at one time. */
  readonly mostAtHole: number
}

/** Calls the models in turn; the provider `hole` works, or never takes a connection. */
async function run(models: readonly string[], measured: string, isHole: boolean): Promise<Run> {
  let waiting = 0
  let mostAtHole = 0
  const tested = testEngine(
    {
      server: { timeouts: { connect_ms: CONNECT_MS } },
      providers: [provider('hole', { max_concurrency: LIMIT }), provider('other')],
      routes: [
        { name: 'both', match: { model: 'both' }, targets: ['hole/m', 'other/m'], retry: { max_retries: 0 } },
        { name: 'hole', match: { model: 'hole' }, targets: ['hole/m'], retry: { max_retries: 0 } },
        { name: 'other', match: { model: 'other' }, targets: ['other/m'], retry: { max_retries: 0 } },
      ],
    },
    async ({ url, signal, body }) => {
      const atHole = url.includes('/hole/')
      if (atHole) mostAtHole = Math.max(mostAtHole, ++waiting)
      try {
        if (atHole && isHole) await new Promise((_resolve, reject) => signal.addEventListener('abort', reject, { once: true }))
        else await tested.clock.sleep(answerMs(indexOf(body)), signal)
        return Response.json(CHAT.whole())
      } finally {
        if (atHole) waiting -= 1
      }
    },
  )
  tested.reachable = !isHole
  const latencies: number[] = []
  for (let index = 0; index < CALLS; index++) {
    const model = models[index % models.length] ?? measured
    const startedAt = tested.clock.now()
    void tested.call(CHAT, CHAT.call(model, { user: String(index) })).then(() => {
      if (model === measured) latencies[index] = tested.clock.now() - startedAt
    })
    await tested.clock.advance(APART_MS)
  }
  await tested.clock.advance(60_000)
  return { tested, latencies: latencies.filter((latency) => latency !== undefined), mostAtHole }
}

/** Which call an upstream's request belongs to. */
function indexOf(body: UpstreamBody): number {
  const pieces = (Array.isArray(body) ? body : [body]) as readonly (Uint8Array | string)[]
  const text = Buffer.concat(pieces.map((piece) => Buffer.from(piece))).toString()
  return Number((JSON.parse(text) as { readonly user: string }).user)
}

/** Median of how many times as long each call took as its pair did. */
function pairedMedian(withHole: Run, without: Run): number {
  expect(withHole.latencies).toHaveLength(without.latencies.length)
  const ratios = withHole.latencies.map((latency, index) => latency / (without.latencies[index] ?? Number.NaN))
  return ratios.toSorted((left, right) => left - right)[Math.floor(ratios.length / 2)] ?? Number.NaN
}

describe('a provider that swallows its calls', () => {
  test('changes nothing for calls to other providers that are under way beside it', async () => {
    const models = ['hole', 'other']
    const [withHole, without] = [await run(models, 'other', true), await run(models, 'other', false)]
    expect(without.latencies).toHaveLength(CALLS / 2)
    expect(pairedMedian(withHole, without)).toBeWithin(0.9, 1.1)
    expect(Math.max(...withHole.latencies)).toBeLessThan(CONNECT_MS)
    expect(withHole.mostAtHole).toBe(LIMIT)
  })

  test('delays no more of the calls that would go there first than it may have at once', async () => {
    const [withHole, without] = [await run(['both'], 'both', true), await run(['both'], 'both', false)]
    expect(without.latencies).toHaveLength(CALLS)
    expect(pairedMedian(withHole, without)).toBeWithin(0.9, 1.1)
    expect(withHole.latencies.filter((latency) => latency >= CONNECT_MS)).toHaveLength(LIMIT)
    expect(withHole.mostAtHole).toBe(LIMIT)
    expect(withHole.tested.records.every(({ status }) => status === 200)).toBe(true)
  })

  test('gives every slot back', async () => {
    const { tested } = await run(['hole', 'both'], 'both', true)
    expect(tested.engine.active).toBe(0)
    expect(tested.health.snapshot().targets.map(({ inFlight }) => inFlight)).toEqual([0, 0])
  })
})
