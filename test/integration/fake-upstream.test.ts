import { afterEach, describe, expect, test } from 'bun:test'
import { startFakeUpstream, type FakeUpstream } from '../support/fake-upstream.ts'
import {
  chatAnswer,
  chatStream,
  cutInto,
  jsonReply,
  messagesStream,
  responsesStream,
  sseReply,
} from '../support/upstream-answers.ts'

const open: FakeUpstream[] = []

async function upstream(...started: Parameters<typeof startFakeUpstream>): Promise<FakeUpstream> {
  const fake = await startFakeUpstream(...started)
  open.push(fake)
  return fake
}

afterEach(async () => {
  for (const each of open.splice(0)) await each.close()
})

describe('the fake upstream', () => {
  test('answers queued replies in order, then the other one, and records every request', async () => {
    const fake = await upstream(jsonReply({ rest: true }))
    fake.enqueue(jsonReply({ first: true }, 201), (request) => jsonReply({ echoed: request.json }))
    expect((await fetch(`${fake.url}/a?x=1`)).status).toBe(201)
    expect(await (await fetch(`${fake.url}/b`, { method: 'POST', body: '{"n":1}' })).json()).toEqual({ echoed: { n: 1 } })
    expect(await (await fetch(`${fake.url}/c`)).json()).toEqual({ rest: true })
    expect(fake.requests.map(({ method, path }) => `${method} ${path}`)).toEqual(['GET /a?x=1', 'POST /b', 'GET /c'])
    expect(fake.connections.accepted).toBe(1)
  })

  test('reads bodies of known length and chunked ones, in any cut', async () => {
    const fake = await upstream(jsonReply({}))
    await fetch(fake.url, { method: 'POST', body: 'zoë' })
    const pieces = cutInto('a body in pieces with ✓', 3)
    await fetch(fake.url, {
      method: 'POST',
      body: new ReadableStream({
        async pull(controller) {
          const piece = pieces.shift()
          await new Promise((resolve) => setImmediate(resolve))
          if (piece === undefined) controller.close()
          else controller.enqueue(piece)
        },
      }),
    })
    expect(fake.requests.map(({ text }) => text)).toEqual(['zoë', 'a body in pieces with ✓'])
    expect(fake.requests[1]?.headers['transfer-encoding']).toBe('chunked')
  })

  test('delivers a stream cut at every byte', async () => {
    const frames = chatStream({ text: 'Grüße an alle' }).join('')
    const fake = await upstream(sseReply(cutInto(frames, 1)))
    expect(await (await fetch(fake.url)).text()).toBe(frames)
  })

  test('waits for the test in the middle of a stream', async () => {
    const { promise: until, resolve: release } = Promise.withResolvers<void>()
    const fake = await upstream(sseReply(['data: 1\n\n', { until }, 'data: 2\n\n']))
    const reader = (await fetch(fake.url)).body!.getReader()
    expect(Buffer.from((await reader.read()).value!).toString()).toBe('data: 1\n\n')
    release()
    expect(Buffer.from((await reader.read()).value!).toString()).toBe('data: 2\n\n')
    expect(await fake.requests[0]!.ended).toBe('complete')
  })

  test('tells a client that went away from an answer it broke off itself', async () => {
    const fake = await upstream()
    fake.enqueue({ body: ['x', { stall: true }] }, { body: ['x', { reset: true }] })
    const controller = new AbortController()
    const response = await fetch(fake.url, { signal: controller.signal })
    const lost = response.text().catch(() => 'lost')
    controller.abort()
    expect(await lost).toBe('lost')
    expect(await fake.requests[0]!.ended).toBe('aborted')
    expect(fake.requests[0]!.aborted).toBe(true)
    expect(await (await fetch(fake.url)).text().catch(() => 'reset')).toBe('reset')
    expect(fake.requests[1]!.aborted).toBe(false)
  })

  test('can break off before, in the head of, and inside an answer', async () => {
    const fake = await upstream()
    fake.enqueue(
      { before: [{ close: true }] },
      { raw: ['HTTP/1.1 200 OK\r\ncontent-le', { close: true }] },
      { body: ['abc', { close: true }] },
    )
    for (let time = 0; time < 3; time++)
      expect(
        await fetch(fake.url)
          .then((response) => response.text())
          .catch(() => 'broken'),
      ).toBe('broken')
  })

  test('answers early, with the length it wants, or until it closes', async () => {
    const fake = await upstream()
    fake.early((head) => (head.path === '/large' ? { status: 413, body: ['no'], framing: 'close' } : undefined))
    const early = await fetch(`${fake.url}/large`, { method: 'POST', body: new Uint8Array(8 * 1024 * 1024) })
    expect([early.status, await early.text()]).toEqual([413, 'no'])
    fake.enqueue({ body: ['abc'], framing: 'length', headers: { 'content-length': '10' } })
    expect(
      await (await fetch(fake.url, { signal: AbortSignal.timeout(50) })).text().catch((error: unknown) => (error as Error).name),
    ).toBe('TimeoutError')
  })

  test('a request that nothing was scripted for is an error, not a hang', async () => {
    const fake = await upstream()
    expect((await fetch(fake.url)).status).toBe(500)
  })
})

test('the canned answers are well formed', () => {
  expect(chatAnswer({ text: 'x' })).toMatchObject({ choices: [{ message: { content: 'x' } }] })
  const frames = [...chatStream(), ...messagesStream(), ...responsesStream()].join('').split('\n\n')
  for (const frame of frames) {
    const payload = /^data: (.*)$/m.exec(frame)?.[1]
    if (payload === undefined || payload === '[DONE]') continue
    expect(() => JSON.parse(payload) as unknown).not.toThrow()
  }
})
