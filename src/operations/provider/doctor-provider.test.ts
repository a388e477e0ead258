import { afterEach, describe, expect, test } from 'bun:test'
import { SERVER_CERTIFICATE, SERVER_KEY, TEST_AUTHORITY } from '../../../test/support/certificates.data.ts'
import { loadConfigText, loaded } from '../../../test/support/load-config-text.ts'
import { providerMaker } from '../../app/make-providers.ts'
import { systemClock } from '../../lib/clock.ts'
import { silentLogger } from '../../observability/logger.ts'
import { anyWay } from '../../transport/egress.settings.schema.ts'
import type { ConnectStages } from '../../transport/connect-stages.ts'
import { doctorProvider, type ProviderDoctorReport } from './doctor-provider.ts'
import { openUpstream, type Upstream } from './open-upstream.ts'

const makeProvider = providerMaker({ clock: systemClock, logger: silentLogger, loginsOf: undefined })

const servers: Bun.Server<undefined>[] = []
afterEach(() => {
  for (const server of servers.splice(0)) void server.stop(true)
})

/** A server of the Chat format on loopback. */
function serverOf(answer: (path: string, body: string) => Response, tls?: { key: string; cert: string }): string {
  const fetch = async (request: Request): Promise<Response> => answer(new URL(request.url).pathname, await request.text())
  servers.push(Bun.serve({ port: 0, hostname: '127.0.0.1', fetch, ...(tls === undefined ? {} : { tls }) }))
  return `${tls === undefined ? 'http' : 'https'}://127.0.0.1:${servers.at(-1)?.port}/v1`
}

const LIST = { data: [{ id: 'large' }, { id: 'small' }] }
const streamOf = (...pieces: object[]): Response =>
  new Response([...pieces.map((piece) => `data: ${JSON.stringify(piece)}\n\n`), 'data: [DONE]\n\n'].join(''), {
    headers: { 'content-type': 'text/event-stream' },
  })
const chunk = (delta: object, reason: string | null = null): object => ({
  id: 'x',
  object: 'chat.completion.chunk',
  created: 1,
  model: 'm',
  choices: [{ index: 0, delta, finish_reason: reason }],
})
const error = (status: number, message: string, code?: string): Response =>
  Response.json({ error: { message, code } }, { status })
const healthy = (path: string): Response =>
  path === '/v1/models' ? Response.json(LIST) : streamOf(chunk({ content: 'ok' }), chunk({}, 'stop'))

function upstreamAt(address: string, hint = 'small'): Upstream {
  const config = `providers: [{ id: p, type: openai_compatible, base_url: "${address}", api_key: sk-canary-000, model_hint: ${hint} }]`
  return openUpstream(loaded(loadConfigText(config)), 'p', makeProvider)
}

const examine = (upstream: Upstream, connect?: ConnectStages, mayLeave = true): Promise<ProviderDoctorReport> =>
  doctorProvider({
    upstream,
    env: {},
    mayLeave,
    clock: systemClock,
    factsOf: () => ({}),
    ...(connect === undefined ? {} : { connect: () => Promise.resolve(connect) }),
  })

const marks = ({ findings }: ProviderDoctorReport): string[] => findings.map(({ check, status }) => `${check} ${status}`)
const last = ({ findings }: ProviderDoctorReport): string => [findings.at(-1)?.message, findings.at(-1)?.advice].join(' ')

describe('the way to a provider', () => {
  test('is told step by step when all is well', async () => {
    const report = await examine(upstreamAt(serverOf(healthy)))
    expect(marks(report)).toEqual(['dns ok', 'tcp ok', 'http ok', 'key ok', 'models ok', 'first token ok'])
    expect(report).toMatchObject({ ok: true, model: 'small' })
  })

  test('is gone with the certificates that the egress of the account trusts', async () => {
    const upstream = upstreamAt(serverOf(healthy, { key: SERVER_KEY, cert: SERVER_CERTIFICATE }))
    const egress = { ...anyWay(false), trusted: [TEST_AUTHORITY] }
    const trusting = { ...upstream, account: { ...upstream.account, egress } }
    expect(marks(await examine(trusting))).toEqual([
      'dns ok',
      'tcp ok',
      'tls ok',
      'http ok',
      'key ok',
      'models ok',
      'first token ok',
    ])
    expect(marks(await examine(upstream))).toEqual(['dns ok', 'tcp ok', 'tls failure'])
  })

  test('is not tried at all while nothing may leave this machine', async () => {
    const report = await examine(upstreamAt('https://p.example/v1'), { dns: { addresses: ['192.0.2.1'] } }, false)
    expect(marks(report)).toEqual(['tcp failure'])
    expect(last(report)).toContain('server.egress_enabled')
  })

  test.each<[string, ConnectStages, string[], string]>([
    ['an unknown name', { dns: { failure: 'ENOTFOUND' } }, ['dns failure'], 'typing mistakes'],
    ['a closed port', { dns: { addresses: ['192.0.2.1'] }, tcp: 'refused' }, ['dns ok', 'tcp failure'], 'Nothing listens'],
    ['a firewall', { dns: { addresses: ['192.0.2.1'] }, tcp: 'timeout' }, ['dns ok', 'tcp failure'], 'firewall'],
    [
      'an expired certificate',
      { dns: { addresses: ['192.0.2.1'] }, tcp: 'connected', tls: { failure: 'CERT_HAS_EXPIRED' } },
      ['dns ok', 'tcp ok', 'tls failure'],
      'has expired',
    ],
    [
      'an authority that nobody knows',
      { dns: { addresses: ['192.0.2.1'] }, tcp: 'connected', tls: { failure: 'SELF_SIGNED_CERT_IN_CHAIN' } },
      ['dns ok', 'tcp ok', 'tls failure'],
      'NODE_EXTRA_CA_CERTS',
    ],
  ])('ends at %s', async (_what, connect, expected, advice) => {
    const report = await examine(upstreamAt('https://p.example/v1'), connect)
    expect(marks(report)).toEqual(expected)
    expect(report.ok).toBe(false)
    expect(last(report)).toContain(advice)
  })

  test.each<[string, (path: string) => Response, string, string]>([
    ['a refused key', () => error(401, 'Incorrect API key', 'invalid_api_key'), 'key failure', 'Issue a new key'],
    ['a web page', () => new Response('<html>', { headers: { 'content-type': 'text/html' } }), 'http failure', 'base_url'],
    [
      'a model that is not served',
      (path) => (path === '/v1/models' ? Response.json(LIST) : error(404, 'The model does not exist', 'model_not_found')),
      'first token failure',
      'provider models',
    ],
    [
      'an empty purse',
      (path) => (path === '/v1/models' ? Response.json(LIST) : error(402, 'Insufficient balance')),
      'first token failure',
      'Fill the account up',
    ],
    [
      'an answer that says nothing',
      (path) => (path === '/v1/models' ? Response.json(LIST) : streamOf()),
      'first token failure',
      'first token',
    ],
  ])('ends at %s', async (_what, answer, mark, advice) => {
    const report = await examine(upstreamAt(serverOf(answer)))
    expect(marks(report).at(-1)).toBe(mark)
    expect(`${mark} ${last(report)}`).toContain(advice)
    expect(report.ok).toBe(false)
    expect(JSON.stringify(report)).not.toContain('canary')
  })

  test('goes on without a list of models, and warns of a name that is not in it', async () => {
    const without = await examine(
      upstreamAt(serverOf((path) => (path === '/v1/models' ? error(404, 'no such path') : healthy(path)))),
    )
    expect(marks(without).slice(2)).toEqual(['http ok', 'models warning', 'first token ok'])
    const mistyped = await examine(upstreamAt(serverOf(healthy), 'smal'))
    expect(marks(mistyped)).toContain('models warning')
    expect(mistyped.findings.find(({ check }) => check === 'models')?.advice).toBe('Did you mean small?')
  })
})
