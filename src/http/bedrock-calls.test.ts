import { describe, expect, test } from 'bun:test'
import { codecs } from '../codecs/registry.ts'
import { GatewayError } from '../errors/gateway-error.ts'
import { createBedrockCalls } from './bedrock-calls.ts'
import { openEnvelope } from './bedrock-envelope.ts'

const LIMITS = { maxDepth: 20, maxNodes: 1000 }
const read = (path: string, basePath = '') => createBedrockCalls(codecs, basePath, LIMITS)(path)

describe("a path of Bedrock's runtime", () => {
  test.each([
    ['/model/us.anthropic.claude-v1:0/converse', 'us.anthropic.claude-v1:0', false, 'bedrock_converse'],
    ['/model/us.anthropic.claude-v1%3A0/converse-stream', 'us.anthropic.claude-v1:0', true, 'bedrock_converse'],
    ['/model/openai%2Fgpt-5/invoke', 'openai/gpt-5', false, 'anthropic'],
    ['/model/openai/gpt-5/invoke-with-response-stream', 'openai/gpt-5', true, 'anthropic'],
    ['/model/100%/invoke', '100%', false, 'anthropic'],
    ['/model/m/count-tokens', 'm', false, 'bedrock_converse'],
  ])('is read: %s', (path, model, stream, format) => {
    const call = read(path)
    expect(call?.address).toEqual({ model, stream })
    expect(call?.route.codec.format).toBe(format as never)
    // Errors are told as the clients of this API expect them, whatever is in the bodies.
    expect(call?.format).toBe('bedrock_converse')
    expect(call?.framing?.contentType).toBe(stream ? 'application/vnd.amazon.eventstream' : undefined)
  })

  test.each(['/model/m', '/model//converse', '/model/m/hologram', '/models/m/converse', '/model/converse'])(
    'is left alone: %s',
    (path) => {
      expect(read(path)).toBeUndefined()
    },
  )

  test('stands below the base path', () => {
    expect(read('/ai/model/m/invoke', '/ai')?.address.model).toBe('m')
    expect(read('/model/m/invoke', '/ai')).toBeUndefined()
  })
})

describe('a Messages request in its envelope', () => {
  const open = (text: string, stream: boolean, headers: Record<string, string> = {}) => {
    const opened = openEnvelope(
      { value: JSON.parse(text) as unknown, body: { bytes: Buffer.from(text), blobs: new Map() } },
      { model: 'up/m', stream },
      new Headers(headers),
    )
    return { ...opened, text: Buffer.from(opened.parsed.body.bytes).toString() }
  }

  test('gets the model and the manner of its address, and keeps its bytes', () => {
    const { text, parsed } = open('{ "anthropic_version": "bedrock-2023-05-31", "max_tokens":5,"x": 1.50 }', true)
    expect(text).toBe('{"model":"up/m","stream":true,  "max_tokens":5,"x": 1.50 }')
    expect(parsed.value).toEqual({ model: 'up/m', stream: true, max_tokens: 5, x: 1.5 })
    expect(JSON.parse(text)).toEqual(parsed.value)
  })

  test('cannot name another model, or another manner, than its address', () => {
    const { text, parsed } = open('{"model":"other","stream":true,"max_tokens":5,"anthropic_version":"x"}', false)
    expect(text).toBe('{"model":"up/m","max_tokens":5}')
    expect(parsed.value).toEqual({ model: 'up/m', max_tokens: 5 })
    expect(open('{"anthropic_version":"x"}', false).text).toBe('{"model":"up/m"}')
  })

  test('has its betas where clients of Messages have them', () => {
    const body = '{"anthropic_beta":["a-2026-01-01","b-2026-01-01","bad\\r\\nx: y",7],"max_tokens":5}'
    expect(open(body, false).headers.get('anthropic-beta')).toBe('a-2026-01-01,b-2026-01-01')
    expect(open(body, false, { 'anthropic-beta': 'c' }).headers.get('anthropic-beta')).toBe('c, a-2026-01-01,b-2026-01-01')
    expect(open('{"anthropic_beta":"a"}', false).headers.has('anthropic-beta')).toBe(false)
  })

  test('that is no object is left to the decoder', () => {
    expect(open('[1]', true).text).toBe('[1]')
  })
})

describe('a body of CountTokens', () => {
  const open = (sent: unknown, blobs: ReadonlyMap<string, Uint8Array> = new Map()) =>
    read('/model/m/count-tokens')!.route.open!(
      { value: sent, body: { bytes: Buffer.from(JSON.stringify(sent)), blobs } },
      { model: 'm', stream: false },
      new Headers(),
    )
  const MESSAGES = Buffer.from('{"anthropic_version":"x","messages":[]}')
  const invoking = (body: unknown) => ({ input: { invokeModel: { body } } })

  test('stays as it is with a request of Converse', () => {
    const sent = { input: { converse: { messages: [] } } }
    const { parsed, codec } = open(sent)
    expect(parsed.value).toBe(sent)
    expect(codec).toBeUndefined()
  })

  test('is opened with a request of Messages, and answered as Bedrock does', () => {
    const { parsed, codec } = open(invoking(MESSAGES.toString('base64')))
    expect(parsed.value).toEqual({ model: 'm', messages: [] })
    expect(codec?.format).toBe('anthropic')
    expect(codec?.tokenCounter?.answer(7)).toEqual({ inputTokens: 7 })
  })

  test('is opened where it is so long that it was cut out', () => {
    const { parsed } = open(invoking('blob-1'), new Map([['blob-1', Buffer.from(MESSAGES.toString('base64'))]]))
    expect(parsed.value).toEqual({ model: 'm', messages: [] })
  })

  test.each([
    ['no text', 7],
    ['none at all', undefined],
    ['no base64', '{"messages":[]}'],
    ['no JSON', Buffer.from('{').toString('base64')],
    ['nothing', ''],
    ['too deep', Buffer.from(`{"messages":${'['.repeat(30)}${']'.repeat(30)}}`).toString('base64')],
  ])('is refused with a body that is %s', (_what, body) => {
    expect(() => open(invoking(body))).toThrow(GatewayError)
  })
})
