import { describe, expect, test } from 'bun:test'
import type { Codec } from '../codecs/codec.ts'
import { codecs } from '../codecs/registry.ts'
import type { LlmRequest } from '../ir/request.ts'
import type { WireFormat } from '../ir/wire-format.ts'
import { createMemorySignatures } from '../state/signatures/memory.ts'
import type { SignatureStore } from '../state/signatures/store.ts'
import { signingCodec } from './remembered-signatures.ts'

const store = (): SignatureStore => createMemorySignatures({ clock: { now: () => 0 } })

interface Asked {
  readonly upstream?: WireFormat
  readonly client?: WireFormat
  readonly quirks?: { readonly thoughtSignatures?: boolean }
}

function codecOf(
  signatures: SignatureStore | undefined,
  { upstream = 'gemini', client = 'openai', quirks = {} }: Asked = {},
): Codec {
  const call = { codec: codecs[client], principal: { role: 'client' as const } }
  return signingCodec({ codec: codecs[upstream], quirks }, call, signatures)
}

const request: LlmRequest = {
  model: 'm',
  sampling: {},
  stream: false,
  messages: [
    { role: 'user', content: [{ type: 'text', text: 'hi' }] },
    { role: 'assistant', content: [{ type: 'tool-call', id: 'a', name: 'look', input: { kind: 'json', value: {} } }] },
    { role: 'tool', content: [{ type: 'tool-result', callId: 'a', kind: 'json', content: [{ type: 'text', text: 'seen' }] }] },
  ],
}
const target = { model: 'gemini-3-pro', quirks: { thoughtSignatures: true }, facts: {}, stream: false }
const sentBy = (codec: Codec): string => JSON.stringify(codec.encodeRequest(request, target).value)

const parts = [{ functionCall: { id: 'a', name: 'look', args: {} }, thoughtSignature: 'c2ln' }]
const answer = { candidates: [{ content: { parts }, finishReason: 'STOP' }] }

describe('the codec of a server that signs calls', () => {
  test('remembers signatures of whole answers and puts them back', () => {
    const codec = codecOf(store())
    expect(sentBy(codec)).not.toContain('c2ln')
    codec.decodeResponse(answer)
    const before = JSON.stringify(request)
    expect(sentBy(codec)).toContain('"thoughtSignature":"c2ln"')
    expect(JSON.stringify(request)).toBe(before)
  })

  test('remembers those of streams while they pass', () => {
    const codec = codecOf(store())
    const types: string[] = []
    const decoder = codec.createStreamDecoder()
    decoder.push({ event: undefined, data: JSON.stringify(answer) }, ({ type }) => types.push(type))
    decoder.end(({ type }) => types.push(type))
    expect(types).toEqual(['response-start', 'tool-call-start', 'tool-call-delta', 'tool-call-end', 'finish', 'end'])
    expect(sentBy(codec)).toContain('"thoughtSignature":"c2ln"')
  })

  test('leaves a signature alone that the client gave back', () => {
    const signatures = store()
    signatures.remember({ owner: 'anybody', callId: 'a' }, 'b3RoZXI=')
    const codec = codecOf(signatures)
    codec.decodeResponse(answer)
    const [asked, called, answered] = request.messages
    const [call] = called!.content
    const signed = {
      ...request,
      messages: [asked!, { ...called!, content: [{ ...call!, signature: 'b3du' }] }, answered!],
    } as LlmRequest
    expect(JSON.stringify(codec.encodeRequest(signed, target).value)).toContain('"thoughtSignature":"b3du"')
  })

  test("is Google's Chat server too, where its quirks say so", () => {
    const signatures = store()
    codecOf(signatures).decodeResponse(answer)
    const quirks = { thoughtSignatures: true }
    expect(sentBy(codecOf(signatures, { upstream: 'openai', client: 'anthropic', quirks }))).toContain(
      '"thought_signature":"c2ln"',
    )
    expect(codecOf(signatures, { upstream: 'openai', client: 'anthropic' })).toBe(codecs.openai)
  })

  test('is the plain one where nothing is to be remembered', () => {
    expect(codecOf(undefined)).toBe(codecs.gemini)
    expect(codecOf(store(), { client: 'gemini' })).toBe(codecs.gemini)
    expect(codecOf(store(), { upstream: 'anthropic' })).toBe(codecs.anthropic)
  })
})
