import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import { overflowSizes } from './overflow-sizes.ts'

describe('the sizes that a refusal names', () => {
  test('are read with and without separators', () => {
    expect(overflowSizes('The input token count (1,200,293) exceeds the maximum number of tokens allowed (1,048,576).')).toEqual({
      promptTokens: 1_200_293,
      windowTokens: 1_048_576,
    })
  })

  test('come apart where only their sum is told', () => {
    expect(
      overflowSizes(
        "This endpoint's maximum context length is 100 tokens. However, you requested about 130 tokens (120 of text input, 10 in the output).",
      ),
    ).toEqual({ promptTokens: 120, outputTokens: 10, windowTokens: 100 })
  })

  test('are left out where there are none, or none that can be', () => {
    expect(overflowSizes(undefined)).toEqual({})
    expect(overflowSizes('Input is too long for requested model.')).toEqual({})
    expect(overflowSizes(`prompt is too long: ${'9'.repeat(30)} tokens > 200000 maximum`)).toEqual({ windowTokens: 200_000 })
    expect(overflowSizes(`${' '.repeat(5_000)}prompt is too long: 9 tokens > 8 maximum`)).toEqual({})
  })

  test('are numbers whatever the message says', () => {
    const part = fc.constantFrom(
      'prompt is too long: ',
      '9 tokens > ',
      '8 ',
      'maximum context length is ',
      'requested ',
      '0',
      ',',
      ' tokens',
    )
    fc.assert(
      fc.property(fc.array(fc.oneof(part, fc.string()), { maxLength: 12 }), (parts) => {
        for (const size of Object.values(overflowSizes(parts.join('')))) {
          expect(Number.isSafeInteger(size)).toBe(true)
          expect(size).toBeGreaterThan(0)
        }
      }),
    )
  })
})
