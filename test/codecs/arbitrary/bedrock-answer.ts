import fc from 'fast-check'
import { argumentsJson, id, optional, shape, word, type Json } from './canary.ts'

const tokens = fc.integer({ min: 0, max: 5_000 })

const usage = fc
  .record({ input: tokens, output: tokens, more: optional({ cacheReadInputTokens: tokens, cacheWriteInputTokens: tokens }) })
  .map(({ input, output, more }): Json => {
    const { cacheReadInputTokens: read = 0, cacheWriteInputTokens: written = 0 } = more as Record<string, number>
    return { inputTokens: input, outputTokens: output, totalTokens: input + output + read + written, ...more }
  })

const block = fc.oneof(
  { weight: 3, arbitrary: fc.record({ text: word }) },
  fc.record({
    reasoningContent: fc.record({ reasoningText: shape({ text: word }, { signature: word }) }),
  }),
  fc.record({ reasoningContent: fc.record({ redactedContent: fc.constant('cmVkYWN0ZWQ=') }) }),
  fc.constant<Json>({
    citationsContent: {
      content: [{ text: '§' }],
      citations: [{ title: '§', sourceContent: [{ text: '§' }], location: { web: { url: 'https://cited.example/§' } } }],
    },
  }),
  fc.record({ image: fc.record({ format: fc.constant('png'), source: fc.record({ bytes: id('iVBORw0KGgo') }) }) }),
  fc.constant<Json>({ toolUse: { toolUseId: 'srv_§', name: 'nova_grounding', input: { q: '§' }, type: 'server_tool_use' } }),
)

const calls = fc.array(fc.record({ name: fc.constantFrom('search', 'read_file'), input: argumentsJson }), { maxLength: 3 })

/** Whole answers of `Converse`. */
export const bedrockAnswer: fc.Arbitrary<Json> = fc
  .record({
    blocks: fc.array(block, { maxLength: 4 }),
    calls,
    stop: fc.constantFrom<Json>(
      { stopReason: 'end_turn' },
      { stopReason: 'max_tokens' },
      { stopReason: 'guardrail_intervened' },
      { stopReason: 'stop_sequence', additionalModelResponseFields: { stop_sequence: '§' } },
    ),
    usage,
    more: optional({ metrics: fc.constant({ latencyMs: 12 }), trace: fc.constant({ guardrail: { actionReason: '§' } }) }),
  })
  .map(({ blocks, calls: made, stop, usage: used, more }): Json => ({
    output: {
      message: {
        role: 'assistant',
        content: [
          ...blocks,
          ...made.map(({ name, input }, at) => ({
            toolUse: { toolUseId: `tooluse_${at}`, name, input: JSON.parse(input) as unknown },
          })),
        ],
      },
    },
    ...(made.length === 0 ? stop : { stopReason: 'tool_use' }),
    usage: used,
    ...more,
  }))
