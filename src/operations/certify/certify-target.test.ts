import { afterEach, describe, expect, test } from 'bun:test'
import { loadConfigText, loaded } from '../../../test/support/load-config-text.ts'
import {
  type PlantedFault,
  PROBED_KEY,
  PROBED_MODEL,
  startProbedUpstream,
  type ProbedUpstream,
} from '../../../test/support/probed-upstream.ts'
import { providerMaker } from '../../app/make-providers.ts'
import { GatewayError } from '../../errors/gateway-error.ts'
import type { Capabilities } from '../../ir/snapshot.ts'
import { systemClock } from '../../lib/clock.ts'
import { silentLogger } from '../../observability/logger.ts'
import { openUpstream } from '../provider/open-upstream.ts'
import type { Certification } from '../../state/certifications/certification.ts'
import { certifyTarget, type CertificationMode } from './certify-target.ts'
import { LIVENESS_PROBES, PROBES } from './probes/index.ts'
import { runProbes } from './run-probes.ts'

const makeProvider = providerMaker({ clock: systemClock, logger: silentLogger, loginsOf: undefined })

const open: ProbedUpstream[] = []
afterEach(() => {
  for (const upstream of open.splice(0)) upstream.close()
})

const EVERYTHING: Capabilities = {
  toolCalling: true,
  parallelToolCalls: true,
  jsonSchema: true,
  visionIn: true,
  fileIn: true,
  reasoning: true,
}

interface Asked {
  readonly mode?: CertificationMode
  readonly capabilities?: Capabilities
  readonly key?: string
  readonly model?: string
}

async function certify(faults: readonly PlantedFault[], asked: Asked = {}): Promise<Certification & { readonly calls: number }> {
  const server = startProbedUpstream(new Set(faults))
  open.push(server)
  const config = {
    providers: [
      {
        id: 'p',
        type: 'openai_compatible',
        base_url: server.address,
        api_key: asked.key ?? PROBED_KEY,
        quirks: { reasoning_field: 'reasoning_content' },
      },
    ],
  }
  const certification = await certifyTarget({
    upstream: openUpstream(loaded(loadConfigText(JSON.stringify(config))), 'p', makeProvider),
    model: asked.model ?? PROBED_MODEL,
    mode: asked.mode ?? 'full',
    capabilities: asked.capabilities ?? EVERYTHING,
    facts: {},
    clock: systemClock,
    version: '0.0.0',
  })
  return { ...certification, calls: server.calls }
}

const failed = ({ results }: Certification): string[] => results.filter(({ verdict }) => verdict === 'failed').map(({ id }) => id)

describe('a full certification', () => {
  test('finds nothing wrong with a server that does everything right', async () => {
    const certification = await certify([])
    expect(certification.results.filter(({ verdict }) => verdict !== 'passed')).toEqual([
      { id: 'counting.tokens', verdict: 'skipped', reason: 'Its format has no counter of tokens.' },
    ])
    expect(certification).toMatchObject({ status: 'certified', target: 'p/probed', mode: 'full' })
  }, 30_000)

  // What is found names the fault, and nothing that works is blamed for it.
  test.each<[PlantedFault, string[]]>([
    ['no usage in streams', ['text.answer.stream', 'stream.usage', 'stream.same-usage', 'tools.finish.stream']],
    ['usage that differs in streams', ['stream.same-usage']],
    ['arguments in one piece', ['tools.arguments.stream']],
    ['only one of parallel calls', ['tools.parallel', 'tools.parallel.stream']],
    ['the same id for every call', ['tools.parallel', 'tools.parallel.stream']],
    ['the reason stop with calls', ['tools.finish', 'tools.finish.stream']],
    ['schemas ignored', ['schema.object', 'schema.object.stream', 'schema.nested', 'schema.nested.stream', 'schema.json']],
    ['the token limit ignored', ['limits.tokens', 'limits.tokens.stream']],
    ['images ignored', ['media.image', 'media.image.stream']],
    ['characters broken at chunk borders', ['text.unicode.stream']],
    [
      'errors as a web page',
      ['errors.key', 'errors.key.stream', 'errors.model', 'errors.model.stream', 'errors.json', 'errors.value'],
    ],
    ['unknown models served', ['errors.model', 'errors.model.stream']],
    [
      'reasoning refused when it comes back',
      ['reasoning.replay', 'reasoning.replay.stream', 'reasoning.tools', 'reasoning.tools.stream'],
    ],
  ])(
    'finds %s',
    async (fault, expected) => {
      const certification = await certify([fault])
      expect(failed(certification)).toEqual(expected)
      expect(certification.status).toBe('failed')
    },
    30_000,
  )

  test('finds streams that are cut off, in every stream', async () => {
    const streams = PROBES.filter((probe) => probe.kind === 'call' && probe.stream && probe.group !== 'errors').map(
      ({ id }) => id,
    )
    expect(failed(await certify(['streams that are cut off']))).toEqual(expect.arrayContaining(streams))
  }, 30_000)

  test('finds twelve faults at once', async () => {
    const certification = await certify([
      'no usage in streams',
      'arguments in one piece',
      'only one of parallel calls',
      'the reason stop with calls',
      'schemas ignored',
      'the token limit ignored',
      'images ignored',
      'characters broken at chunk borders',
      'errors as a web page',
      'unknown models served',
      'reasoning refused when it comes back',
      'usage that differs in streams',
    ])
    const reasons = certification.results.flatMap(({ reason }) => reason ?? []).join('\n')
    for (const words of [
      'does not tell what it used',
      'arguments of the call come in one piece',
      'One tool is called, and not get_time',
      'says that it ends with its turn',
      'The answer is no JSON',
      'ends with the reason stop instead of length',
      'does not say what it was asked to say',
      'Characters beyond ASCII arrive broken',
      'no JSON object with a message',
      'answered as if nothing were wrong',
      'refused with status 400 (upstream_invalid_request)',
      'counts other tokens when it is streamed',
    ])
      expect(reasons).toContain(words)
  }, 30_000)

  test('blames nobody for an endpoint that many leave out', async () => {
    const certification = await certify(['no list of models'])
    expect(certification.results.find(({ id }) => id === 'counting.models')?.verdict).toBe('unsupported')
    expect(certification.status).toBe('certified')
  }, 30_000)

  test('asks nothing that a target is known not to be able to do', async () => {
    const certification = await certify(['images ignored'], { capabilities: { ...EVERYTHING, visionIn: false } })
    expect(certification.results.find(({ id }) => id === 'media.image')?.verdict).toBe('skipped')
    expect(certification.status).toBe('certified')
  }, 30_000)

  test('takes what nobody has claimed, and does not work, for not supported', async () => {
    const certification = await certify(['images ignored'], { capabilities: { ...EVERYTHING, visionIn: undefined } })
    expect(certification.results.find(({ id }) => id === 'media.image')?.verdict).toBe('unsupported')
    expect(certification.status).toBe('certified')
    const broken = await certify(['arguments in one piece'], { capabilities: {} })
    expect(failed(broken)).toEqual(['tools.arguments.stream'])
  }, 30_000)

  test('keeps nothing that a model or an upstream said', async () => {
    const text = JSON.stringify(await certify(['images ignored', 'schemas ignored', 'unknown models served']))
    for (const said of ['I see no image', 'Five cents', 'Incorrect API key', PROBED_KEY]) expect(text).not.toContain(said)
  }, 30_000)
})

describe('a look whether a target is alive', () => {
  test('makes at most five calls', async () => {
    const certification = await certify([], { mode: 'liveness' })
    expect(certification.calls).toBeLessThanOrEqual(5)
    expect(certification.results).toHaveLength(LIVENESS_PROBES.length)
    expect(certification.status).toBe('certified')
  })

  test.each<[string, Asked, string]>([
    ['its key', { key: 'sk-wrong-canary-00' }, 'upstream_authentication'],
    ['its model', { model: 'nobody' }, 'upstream_model_not_found'],
  ])('stops when %s is refused', async (_what, asked, code) => {
    const certification = await certify([], { mode: 'liveness', ...asked })
    expect(certification.status).toBe('failed')
    expect(certification.results.find(({ verdict }) => verdict === 'failed')?.error_code).toBe(code as never)
    expect(certification.results.filter(({ verdict }) => verdict === 'skipped').length).toBeGreaterThan(1)
    expect(certification.calls).toBeLessThanOrEqual(1)
    expect(JSON.stringify(certification)).not.toContain('canary')
  })
})

test('a target that is always busy is asked four times for each probe, with waits that it names or that double', async () => {
  let calls = 0
  const server = Bun.serve({
    port: 0,
    hostname: '127.0.0.1',
    fetch: ({ url }) =>
      url.endsWith('/models')
        ? Response.json({ data: [{ id: PROBED_MODEL }] })
        : Response.json(
            { error: { message: 'busy' } },
            { status: ++calls && 429, headers: calls === 1 ? { 'retry-after': '7' } : {} },
          ),
  })
  const address = `http://127.0.0.1:${server.port}/v1`
  const config = { providers: [{ id: 'p', type: 'openai_compatible', base_url: address, api_key: PROBED_KEY }] }
  const waits: number[] = []
  const clock = { ...systemClock, sleep: async (ms: number) => void waits.push(ms) }
  const probe = PROBES.find(({ kind }) => kind === 'call')
  const results = await runProbes([probe!], {
    upstream: openUpstream(loaded(loadConfigText(JSON.stringify(config))), 'p', makeProvider),
    model: PROBED_MODEL,
    capabilities: EVERYTHING,
    facts: {},
    clock,
  })
  await server.stop(true)
  expect(results).toMatchObject([{ verdict: 'failed', error_code: 'upstream_rate_limited' }])
  expect([calls, waits]).toEqual([4, [7_000, 4_000, 8_000]])
})

test('nothing more is asked once nothing more is wanted, whatever is under way', async () => {
  const gone = new GatewayError('client_closed_request', 'gone')
  for (const ends of ['/v1/chat/completions', '/v1/models']) {
    const stopped = new AbortController()
    const asked: string[] = []
    const probed = startProbedUpstream()
    open.push(probed)
    const server = Bun.serve({
      port: 0,
      hostname: '127.0.0.1',
      idleTimeout: 0,
      fetch(request) {
        const { pathname } = new URL(request.url)
        asked.push(pathname)
        if (pathname !== ends) return fetch(`${new URL(probed.address).origin}${pathname}`, request)
        stopped.abort(gone)
        return new Promise<Response>(() => undefined)
      },
    })
    const address = `http://127.0.0.1:${server.port}/v1`
    const config = { providers: [{ id: 'p', type: 'openai_compatible', base_url: address, api_key: PROBED_KEY }] }
    const certifying = certifyTarget({
      upstream: openUpstream(loaded(loadConfigText(JSON.stringify(config))), 'p', makeProvider),
      model: PROBED_MODEL,
      mode: 'liveness',
      capabilities: EVERYTHING,
      facts: {},
      clock: systemClock,
      version: '0.0.0',
      signal: stopped.signal,
    })
    expect(await certifying.catch((error: unknown) => error)).toBe(gone)
    expect(asked.indexOf(ends)).toBe(asked.length - 1)
    await server.stop(true)
  }
})

describe('probes', () => {
  test('have names of their own, and say what they expect', () => {
    expect(new Set(PROBES.map(({ id }) => id)).size).toBe(PROBES.length)
    for (const { about } of PROBES) expect(about).toMatch(/^[A-Z].*[.)]$/)
  })
})
