import { describe, expect, test } from 'bun:test'
import type { WireFormat } from '../ir/wire-format.ts'
import { codecs } from './registry.ts'

const SIGNATURE = 'c2lnbmF0dXJl'
const answer = {
  candidates: [
    {
      content: {
        role: 'model',
        parts: [
          { functionCall: { id: 'call_a', name: 'f', args: {} }, thoughtSignature: SIGNATURE },
          { functionCall: { id: 'call_b', name: 'f', args: {} } },
        ],
      },
      finishReason: 'STOP',
    },
  ],
}

/** The next call of a client that keeps everything of the answer it got, or only what it knows. */
function history(client: WireFormat, body: Record<string, unknown>): Record<string, unknown> {
  const asked = { role: 'user', content: 'hi' }
  if (client === 'responses') {
    const results = ['call_a', 'call_b'].map((call_id) => ({ type: 'function_call_output', call_id, output: '1' }))
    return { model: 'm', input: [asked, ...(body['output'] as object[]), ...results] }
  }
  if (client === 'anthropic') {
    const results = ['call_a', 'call_b'].map((tool_use_id) => ({ type: 'tool_result', tool_use_id, content: '1' }))
    const turns = [asked, { role: 'assistant', content: body['content'] }, { role: 'user', content: results }]
    return { model: 'm', max_tokens: 9, messages: turns }
  }
  const results = ['call_a', 'call_b'].map((tool_call_id) => ({ role: 'tool', tool_call_id, content: '1' }))
  const [{ message }] = body['choices'] as [{ message: object }]
  return { model: 'm', messages: [asked, message, ...results] }
}

const request = { model: 'm', messages: [], sampling: {}, stream: false }
const context = { requestId: '0'.repeat(32), model: 'm', createdAt: 0, request, upstreamFormat: 'gemini' as const }

describe('the signature of a call', () => {
  test.each<[WireFormat]>([['openai'], ['responses'], ['anthropic']])('comes home through a client of %s', (client) => {
    const { value } = codecs.gemini.decodeResponse(answer)
    const shown = JSON.parse(JSON.stringify(codecs[client].encodeResponse(value, context).value)) as Record<string, unknown>
    const next = codecs[client].decodeRequest(history(client, shown)).value
    const calls = next.messages.flatMap(({ content }) => content.filter((part) => part.type === 'tool-call'))
    expect(calls.map(({ id, signature }) => [id, signature])).toEqual([
      ['call_a', SIGNATURE],
      ['call_b', undefined],
    ])
    expect(next.messages.flatMap(({ content }) => content.filter((part) => part.type === 'reasoning'))).toEqual([])
    const target = { model: 'gemini-3-pro', quirks: {}, facts: {}, stream: false }
    const { contents } = codecs.gemini.encodeRequest(next, target).value as { contents: { parts: unknown[] }[] }
    expect(contents[1]?.parts).toEqual(answer.candidates[0]!.content.parts)
  })

  test.each<[WireFormat]>([['responses'], ['anthropic']])('of a call that a client of %s left out goes to nobody', (client) => {
    const { value } = codecs.gemini.decodeResponse(answer)
    const shown = JSON.stringify(codecs[client].encodeResponse(value, context).value).replaceAll('call_a', 'call_c')
    const next = codecs[client].decodeRequest(history(client, JSON.parse(shown) as Record<string, unknown>)).value
    const calls = next.messages.flatMap(({ content }) => content.filter((part) => part.type === 'tool-call'))
    expect(calls.every(({ signature }) => signature === undefined)).toBe(true)
  })

  test("does not leave for a Chat server that is not Google's", () => {
    const { value } = codecs.gemini.decodeResponse(answer)
    const shown = codecs.anthropic.encodeResponse(value, context).value
    const next = codecs.anthropic.decodeRequest(history('anthropic', shown)).value
    const sent = (quirks: object): string =>
      JSON.stringify(codecs.openai.encodeRequest(next, { model: 'm', quirks, facts: {}, stream: false }).value)
    expect(sent({})).not.toContain(SIGNATURE)
    expect(sent({ thoughtSignatures: true })).toContain(`"extra_content":{"google":{"thought_signature":"${SIGNATURE}"}}`)
  })

  test('does not leave for OpenAI itself, although the client gave it back in its own format', () => {
    const { value } = codecs.gemini.decodeResponse(answer)
    const next = codecs.openai.decodeRequest(history('openai', codecs.openai.encodeResponse(value, context).value)).value
    const told = codecs.openai.encodeRequest(next, { model: 'm', quirks: { firstParty: true }, facts: {}, stream: false })
    expect(JSON.stringify(told.value)).not.toContain(SIGNATURE)
    expect(told.diagnostics.map(({ severity, code }) => `${severity} ${code}`)).toContain('lost part.reasoning_signature')
  })
})
