import { afterEach, describe, expect, test } from 'bun:test'
import type { RequestRecord } from '../../src/ir/record.ts'
import { recomputeDecision } from '../../src/routing/recompute.ts'
import { CHAT, RESPONSES, serving } from '../support/client-formats.ts'
import type { FakeUpstream } from '../support/fake-upstream.ts'
import { compiledConfig, providerAt, TestWorld, type TestGateway } from '../support/gateway-fixture.ts'
import { keepingUpstream } from '../support/keeping-upstream.ts'
import { jsonReply } from '../support/upstream-answers.ts'

type Json = Record<string, unknown>

const world = new TestWorld()
afterEach(() => world.closeAll())

interface Stage {
  readonly one: FakeUpstream
  readonly two: FakeUpstream
  readonly gateway: TestGateway
  readonly config: Json
}

/** Two providers with two accounts each, all of which take turns, and none of which knows what another one keeps. */
async function stage(route: Json = {}, more: Json = {}): Promise<Stage> {
  const one = await world.upstream(keepingUpstream('one'))
  const two = await world.upstream(keepingUpstream('two'))
  const accounts = {
    auth_scheme: { kind: 'bearer' },
    accounts: ['x', 'y'].map((id) => ({ id, api_key: `key-${id}` })),
    selection: 'round_robin',
  }
  const config = {
    ...more,
    server: { retry: { max_retries: 0, max_wait_ms: 0 } },
    providers: [providerAt('one', one, 'responses', accounts), providerAt('two', two, 'responses', accounts)],
    routes: [
      { name: 'r', match: { model: 'r' }, targets: ['one/m', 'two/m'], strategy: 'round_robin', ...route },
      { name: 'only-two', match: { model: 'only-two' }, targets: ['two/m'], ...route },
      { name: 'other', match: { model: 'other' }, targets: ['two/n', 'one/n'], ...route },
    ],
  }
  return { one, two, gateway: await world.gateway(config), config }
}

interface Turn {
  readonly status: number
  readonly id: string
  readonly text: string
  readonly body: string
  readonly headers: Headers
  readonly record: RequestRecord
}

async function turn(gateway: TestGateway, fields: Json, headers: Record<string, string> = {}): Promise<Turn> {
  const response = await gateway.post(RESPONSES.path, RESPONSES.call('r', fields), { headers })
  const body = await response.text()
  const record = await gateway.recordOf(response)
  const id = /"id":"(resp_\w+)"/.exec(body)?.[1] ?? 'none'
  const answered = response.status === 200 && !body.startsWith('event:') ? RESPONSES.textOf(JSON.parse(body)) : ''
  const text = body.startsWith('event:') ? RESPONSES.streamText(body) : answered
  return { status: response.status, id, text, body, headers: response.headers, record }
}

const placeOf = ({ record }: Turn): string => record.attempts.map((each) => `${each.target_id} ${each.account_id}`).join(', ')

/** Locks the account until long after the test. */
const limit = (upstream: FakeUpstream): void =>
  upstream.otherwise(jsonReply(RESPONSES.error('requests', 'slow down', 'rate_limit_exceeded'), 429, { 'retry-after': '41' }))

describe('a call that continues an answer by its id', () => {
  test.each([
    ['whole, bytes passed through', { stream: false }, ''],
    ['streamed, bytes passed through', { stream: true }, ''],
    ['whole, translated', { stream: false }, ' sbk1.'],
    ['streamed, translated', { stream: true }, ' sbk1.'],
  ])('goes to the provider and account that keep it: %s', async (_what, fields, mark) => {
    const { gateway, config } = await stage()
    const conversations: Turn[][] = []
    for (let index = 0; index < 4; index++) conversations.push([await turn(gateway, { ...fields, input: `${index}a${mark}` })])
    // Everybody has one, so that whoever goes astray is seen.
    expect(conversations.map(([started]) => placeOf(started!))).toEqual(['one/m x', 'two/m x', 'one/m y', 'two/m y'])
    for (const said of ['b', 'c']) {
      for (const [index, turns] of conversations.entries()) {
        const before = turns.at(-1)!
        const next = await turn(gateway, { ...fields, input: `${index}${said}${mark}`, previous_response_id: before.id })
        turns.push(next)
        expect(placeOf(next)).toBe(placeOf(before))
        expect(next.record.attempts[0]?.passthrough).toBe(mark === '')
        const { decision, served, attempts, session_id } = next.record
        expect(decision.inputs.origin).toEqual({ target_id: served ?? '', account_id: attempts[0]?.account_id })
        expect(decision.reason).toContain(`origin: kept=${served}, which gave the answer that the request continues`)
        expect(decision.reason).toContain(`origin: account=${attempts[0]?.account_id}`)
        expect(recomputeDecision(decision, compiledConfig(config).routing)).toEqual({ verdict: 'identical' })
        // One conversation, whatever its turns are called: it has the name of the answer it began with.
        expect(session_id).toBe(turns[0]!.id)
      }
    }
    for (const [index, turns] of conversations.entries()) {
      expect(turns.at(-1)!.text).toBe(['a', 'b', 'c'].map((said) => `${index}${said}${mark}.`).join(' '))
      expect(turns[0]!.record.session_id).toBe(turns[0]!.id)
    }
  })

  test('may change its model at that provider, and takes the account along', async () => {
    const { gateway } = await stage()
    const started = await turn(gateway, { input: 'a' })
    const next = await turn(gateway, { model: 'other', input: 'b', previous_response_id: started.id })
    expect([next.text, placeOf(next)]).toEqual(['a. b.', 'one/n x'])
    expect(next.record.decision.rejected).toEqual([
      {
        target_id: 'two/n',
        code: 'state_elsewhere',
        reason: 'the request continues an answer of one/m, and only that provider keeps the turns before it',
        evidence: { kept_by: 'one/m', account: 'x' },
      },
    ])
  })

  test('is previewed as it is served', async () => {
    const { gateway } = await stage()
    const started = await turn(gateway, { input: 'a' })
    await turn(gateway, { input: 'of another conversation' })
    const call = RESPONSES.call('r', { input: 'b', previous_response_id: started.id })
    const preview = await gateway.post('/v1/route-preview?format=responses', call)
    expect(await preview.json()).toMatchObject({
      decision: { selected: { target_id: started.record.served }, inputs: { origin: { account_id: 'x' } } },
    })
  })

  test('is not sent to anybody else while that account cannot be used, and is told when it can', async () => {
    const { gateway, one, two } = await stage()
    const started = await turn(gateway, { input: 'a' })
    limit(one)
    await turn(gateway, { input: 'b', previous_response_id: started.id })
    const sent = one.requests.length + two.requests.length
    const refused = await turn(gateway, { input: 'c', previous_response_id: started.id })
    expect(refused.status).toBe(429)
    expect(Number(refused.headers.get('retry-after'))).toBeWithin(38, 42)
    expect(refused.record).toMatchObject({
      error_code: 'all_targets_rate_limited',
      attempts: [],
      skipped: [{ target_id: 'one/m', error_codes: ['upstream_rate_limited'] }],
    })
    expect(one.requests.length + two.requests.length).toBe(sent)
  })

  test('is refused where the route leads nowhere near it, and the answer says what to do', async () => {
    const { gateway, two } = await stage()
    const started = await turn(gateway, { input: 'a' })
    const refused = await turn(gateway, { model: 'only-two', input: 'b', previous_response_id: started.id })
    expect(refused.status).toBe(422)
    expect(refused.record).toMatchObject({ error_code: 'translation_refused', attempts: [] })
    expect(refused.body).toContain('Send the whole conversation (for OpenAI clients: store false), or set translation: allow')
    expect(two.requests).toHaveLength(0)
  })

  test('that nobody remembers goes the ordinary way as it is, and the upstream has the word', async () => {
    const { gateway } = await stage()
    const refused = await turn(gateway, { input: 'b', previous_response_id: 'resp_of_yesterday' })
    expect(refused.status).toBe(400)
    expect(refused.body).toContain('previous_response_not_found')
    expect(refused.record.decision.inputs.origin).toEqual({})
    expect(refused.record.decision.reason).toContain(
      'origin: unknown, nobody here remembers the answer that the request continues',
    )
    // The client's own mistake locks nobody.
    expect((await turn(gateway, { input: 'a' })).record.attempts).toMatchObject([{ outcome: 'success' }])
  })

  test('of another caller is not found', async () => {
    const key = (id: string): Json => ({ prefix: id, key: `sk-gateway-${id}-0123456789abcdef`, role: 'client' })
    const { gateway } = await stage({}, { api_keys: [key('ann'), key('bob')] })
    const as = (id: string): Record<string, string> => ({ authorization: `Bearer sk-gateway-${id}-0123456789abcdef` })
    const started = await turn(gateway, { input: 'a' }, as('ann'))
    const own = await turn(gateway, { input: 'b', previous_response_id: started.id }, as('ann'))
    const foreign = await turn(gateway, { input: 'b', previous_response_id: started.id }, as('bob'))
    expect(own.record.decision.inputs.origin).toMatchObject({ account_id: 'x' })
    expect(foreign.record.decision.inputs.origin).toEqual({})
  })

  test('is not remembered when the client wanted nothing stored', async () => {
    const { gateway } = await stage()
    const started = await turn(gateway, { input: 'a', store: false })
    expect(started.record.session_id).toBeUndefined()
    const next = await turn(gateway, { input: 'b', previous_response_id: started.id })
    expect(next.record.decision.inputs.origin).toEqual({})
  })
})

describe('on a route that allows losses, a call that continues an answer', () => {
  test('stays with the account that keeps it', async () => {
    const { gateway } = await stage({ translation: 'allow' })
    const started = await turn(gateway, { input: 'a' })
    const next = await turn(gateway, { input: 'b', previous_response_id: started.id })
    expect([next.text, placeOf(next)]).toEqual(['a. b.', placeOf(started)])
  })

  test.each([[false], [true]])('goes on without the turns before when it must, and says so (stream: %p)', async (stream) => {
    const { gateway, one, two } = await stage({ translation: 'allow' })
    const started = await turn(gateway, { stream, input: 'a' })
    limit(one)
    const next = await turn(gateway, { stream, input: 'b', previous_response_id: started.id })
    expect([next.status, next.text]).toEqual([200, 'b.'])
    expect(next.record.served).toBe('two/m')
    expect(next.headers.get('x-switchback-lost')).toContain('state.previous_response_id')
    expect(next.record.attempts.at(-1)?.passthrough_refused).toEqual(['state_elsewhere'])
    expect(next.record.diagnostics).toContainEqual({
      severity: 'lost',
      code: 'state.previous_response_id',
      path: '/previous_response_id',
      message: 'the turns before are kept by another provider or for another account',
    })
    for (const request of [...one.requests.slice(-1), ...two.requests])
      expect(request.json as Json).not.toHaveProperty('previous_response_id')
  })
})

describe('an answer that a translation made', () => {
  const chatOnly = async (translation: string): Promise<TestGateway> => {
    const chat = await world.upstream(serving(CHAT))
    return world.gateway({
      providers: [providerAt('chat', chat, 'openai')],
      routes: [{ name: 'r', match: { model: 'r' }, targets: ['chat/m'], translation }],
    })
  }

  test('has no turns anybody keeps: continuing it is refused', async () => {
    const gateway = await chatOnly('warn')
    const started = await turn(gateway, { input: 'a' })
    const refused = await turn(gateway, { input: 'b', previous_response_id: started.id })
    expect(refused.status).toBe(422)
    expect(refused.record).toMatchObject({
      error_code: 'translation_refused',
      decision: { inputs: { origin: { target_id: 'chat/m' } } },
    })
  })

  test('is continued without them where losses are allowed', async () => {
    const gateway = await chatOnly('allow')
    for (const stream of [false, true]) {
      const started = await turn(gateway, { stream, input: 'a' })
      const next = await turn(gateway, { stream, input: 'b', previous_response_id: started.id })
      expect(next.status).toBe(200)
      expect(next.headers.get('x-switchback-lost')).toContain('state.previous_response_id')
      expect(next.record.session_id).toBe(started.id)
    }
  })
})
