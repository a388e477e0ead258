import { describe, expect, test } from 'bun:test'
import { ManualClock } from '../../../test/support/manual-clock.ts'
import { GatewayError } from '../../errors/gateway-error.ts'
import { asProviderId, targetIdOf } from '../../ir/ids.ts'
import type { Target } from '../../ir/target.ts'
import type { WireFormat } from '../../ir/wire-format.ts'
import type { Provider } from '../../providers/provider.types.ts'
import type { KnownFormats } from '../../state/formats/store.ts'
import type { OwnCall } from '../ledger/own-calls.ts'
import { FormatFinder } from './format-finder.ts'

const MINUTE = 60_000
const DAY = 24 * 60 * MINUTE
const BODIES: Readonly<Partial<Record<WireFormat, unknown>>> = {
  anthropic: { type: 'message', content: [] },
  responses: { object: 'response', output: [] },
  openai: { choices: [] },
}

const target = (model = 'm', format: WireFormat = 'openai'): Target => ({
  id: targetIdOf('far', model),
  provider: asProviderId('far'),
  model,
  format,
})

/** A finder before an upstream that speaks some formats, or hangs. */
class FakeWorld {
  readonly clock = new ManualClock(1_000_000)
  readonly probes: string[] = []
  readonly settled: OwnCall[] = []
  isSpent = false
  stored: readonly KnownFormats[] = []
  spoken: WireFormat[] = []
  hangs: WireFormat[] = []
  hasAccount = true
  readonly finder: FormatFinder

  constructor(stored: readonly KnownFormats[] = []) {
    const account = { id: 'a', priority: 0, apiKey: undefined }
    this.finder = new FormatFinder({
      clock: this.clock,
      accounts: { candidates: () => (this.hasAccount ? [account as never] : []) },
      providerOf: () => this.provider('openai'),
      store: { read: () => stored, replace: (known) => (this.stored = known) },
      ownCalls: {
        refusal: async () => (this.isSpent ? new GatewayError('budget_exceeded', 'spent') : undefined),
        ended: (call) => void this.settled.push(call),
      },
    })
  }

  private provider(format: WireFormat): Provider {
    const provider = {
      id: asProviderId('far'),
      settings: { baseUrl: 'https://far.example/v1?key=SECRET' },
      codec: { inspectResponse: () => ({ usage: { inputTokens: 1, outputTokens: 1 } }) },
      buildRequest: () => ({ url: format, method: 'POST', headers: {}, body: '' }),
      credentialOf: () => undefined,
      send: (_request: unknown, signal: AbortSignal) => {
        this.probes.push(format)
        if (this.hangs.includes(format))
          return new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason as Error)))
        return Promise.resolve(this.spoken.includes(format) ? Response.json(BODIES[format]) : new Response('{}', { status: 404 }))
      },
      speaking: (other: WireFormat) => this.provider(other),
    }
    return provider as unknown as Provider
  }

  /** The format for a client, after everything that can be found out was. */
  async settledFor(client: WireFormat, model = 'm'): Promise<WireFormat> {
    await this.finder.prepare([target(model)])
    return this.finder.formatOf(target(model), client)
  }
}

describe('what an upstream speaks', () => {
  test('is Chat Completions until something else is known, and asking for it calls nobody', async () => {
    const world = new FakeWorld()
    world.spoken = ['anthropic']
    expect(world.finder.formatOf(target(), 'anthropic')).toBe('openai')
    expect(world.probes).toEqual([])
    expect(await world.settledFor('anthropic')).toBe('anthropic')
    expect(world.probes.sort()).toEqual(['anthropic', 'openai', 'responses'])
    expect(world.finder.prepare([target()])).toBeUndefined()
  })

  test('is waited for no longer than three seconds, and slow Chat counts as spoken', async () => {
    const world = new FakeWorld()
    world.hangs = ['anthropic', 'responses', 'openai']
    let isOver = false
    const waiting = world.finder.prepare([target()])?.then(() => (isOver = true))
    await world.clock.advance(2_999)
    expect(isOver).toBe(false)
    await world.clock.advance(1)
    await waiting
    expect(world.finder.formatOf(target(), 'anthropic')).toBe('openai')
  })

  test('is known when the others have answered, however many wait, from one set of probes', async () => {
    const world = new FakeWorld()
    world.spoken = ['responses']
    await Promise.all([world.settledFor('openai'), world.settledFor('anthropic'), world.settledFor('responses')])
    expect(world.probes).toHaveLength(3)
    expect(world.finder.formatOf(target(), 'openai')).toBe('responses')
  })

  test('is left open where nothing may be spent, and nobody is called for it', async () => {
    const world = new FakeWorld()
    world.isSpent = true
    expect(await world.settledFor('anthropic')).toBe('openai')
    expect(world.probes).toEqual([])
  })

  test('is settled, and kept without its address', async () => {
    const world = new FakeWorld()
    world.spoken = ['anthropic']
    await world.settledFor('openai')
    expect(world.settled.map(({ format, status, usage }) => `${format} ${status} ${usage?.inputTokens}`).sort()).toEqual([
      'anthropic 200 1',
      'openai 404 undefined',
      'responses 404 undefined',
    ])
    expect(world.stored).toMatchObject([{ spoken: ['anthropic'] }])
    expect(JSON.stringify(world.stored)).not.toMatch(/far|SECRET/)
    const next = new FakeWorld(world.stored)
    expect(next.finder.formatOf(target(), 'openai')).toBe('anthropic')
    expect(next.finder.prepare([target()])).toBeUndefined()
    expect(next.probes).toEqual([])
  })

  test('is found out again after a day, while what was known is used', async () => {
    const world = new FakeWorld()
    world.spoken = ['anthropic']
    await world.settledFor('openai')
    await world.clock.advance(DAY + 1)
    world.spoken = ['openai']
    expect(world.finder.prepare([target()])).toBeUndefined()
    expect(world.finder.formatOf(target(), 'openai')).toBe('anthropic')
    await world.clock.advance(0)
    expect(world.probes).toHaveLength(6)
    expect(world.finder.formatOf(target(), 'anthropic')).toBe('openai')
  })

  test('holds on while calls are served', async () => {
    const world = new FakeWorld()
    world.spoken = ['anthropic']
    await world.settledFor('openai')
    for (let hour = 0; hour < 30; hour++) {
      await world.clock.advance(60 * MINUTE + 1)
      world.finder.heard(target('m', 'anthropic'), 200)
    }
    expect(world.finder.prepare([target()])).toBeUndefined()
    expect(world.probes).toHaveLength(3)
  })

  test.each([404, 405])('is looked for again after a %i, at most once a minute', async (status) => {
    const world = new FakeWorld()
    world.spoken = ['anthropic', 'openai']
    await world.settledFor('anthropic')
    await world.clock.advance(MINUTE)
    world.spoken = ['openai']
    world.finder.heard(target('m', 'anthropic'), status)
    expect(world.finder.formatOf(target(), 'anthropic')).toBe('openai')
    for (const _ of [1, 2, 3]) {
      world.finder.heard(target('m', 'openai'), status)
      await world.clock.advance(1_000)
    }
    expect(world.probes).toHaveLength(6)
  })

  test('stays as it was when nothing can be learnt', async () => {
    const world = new FakeWorld()
    world.spoken = ['anthropic']
    await world.settledFor('openai')
    await world.clock.advance(DAY + 1)
    world.hasAccount = false
    await world.settledFor('openai')
    expect(world.finder.formatOf(target(), 'openai')).toBe('anthropic')
  })

  test('is found out for so many models and no more: their names come from clients', async () => {
    const world = new FakeWorld()
    world.spoken = ['anthropic']
    for (let model = 0; model < 600; model++) await world.settledFor('openai', `m${model}`)
    expect(world.probes).toHaveLength(3 * 512)
    expect(world.finder.formatOf(target('m599'), 'anthropic')).toBe('openai')
  })
})
