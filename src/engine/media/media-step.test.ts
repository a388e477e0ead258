import { expect, test } from 'bun:test'
import { ManualClock } from '../../../test/support/manual-clock.ts'
import { openaiCodec } from '../../codecs/openai/index.ts'
import { ByteBudget } from '../../lib/byte-budget.ts'
import { anyWay } from '../../transport/egress.settings.schema.ts'
import { MediaStep } from './media-step.ts'

const PNG = Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 13, 10, 26, 10)
const SETTINGS = { maxBytes: 1_000, timeoutMs: 1_000, hosts: [], egress: anyWay(true) }

function setUp(send: () => Promise<Response>) {
  const buffers = new ByteBudget()
  const step = new MediaStep({ transport: { send }, clock: new ManualClock(), buffers, userAgent: 'test' })
  const request = { model: 'm', messages: [], sampling: {}, stream: false }
  const call = { codec: openaiCodec, request, body: { blobs: new Map() }, signal: new AbortController().signal, principal: {} }
  const input = {
    call,
    target: { id: 'a/m' },
    provider: {},
    revision: { media: SETTINGS, snapshot: { targets: [], providers: new Map() } },
  } as unknown as Parameters<MediaStep['inline']>[1]
  const inline = (signal = new AbortController().signal) =>
    step.inline([{ kind: 'image', url: 'https://a.test/x.png', path: '/0' }], input, signal)
  return { buffers, step, call, inline }
}

const image = (): Response => new Response(PNG, { headers: { 'content-type': 'image/png' } })

test('what was fetched counts as held until its call is over', async () => {
  const { buffers, step, call, inline } = setUp(async () => image())
  await inline()
  await inline()
  expect(buffers.used).toBe(PNG.length)
  step.letGo(call)
  await Promise.resolve()
  expect(buffers.used).toBe(0)
})

test('what could not be fetched holds nothing, and is asked for again', async () => {
  let asked = 0
  const { buffers, inline } = setUp(async () => (asked++ === 0 ? new Response('no', { status: 404 }) : image()))
  expect(inline()).rejects.toMatchObject({ code: 'media_unavailable' })
  expect(buffers.used).toBe(0)
  await inline()
  expect([asked, buffers.used]).toEqual([2, PNG.length])
})

test('nothing is fetched for an attempt that was given up', async () => {
  let asked = 0
  const { inline } = setUp(async () => {
    asked++
    return image()
  })
  expect(inline(AbortSignal.abort(new Error('given up')))).rejects.toThrow('given up')
  expect(asked).toBe(0)
})
