import { describe, expect, test } from 'bun:test'
import type { ContentPart } from '../../ir/content.ts'
import type { UnifiedFinish } from '../../ir/finish.ts'
import { asProviderId, targetIdOf } from '../../ir/ids.ts'
import type { LlmRequest } from '../../ir/request.ts'
import { answerCheckOf, type AnswerCheck } from './answer-check.ts'

const P = asProviderId('up')
const TARGET = { id: targetIdOf(P, 'm'), provider: P, model: 'm', format: 'openai' } as const
const ADULT = { type: 'object', properties: { age: { type: 'integer', minimum: 18 } }, required: ['age'] }

/** A check of answers to a request that asks for these things. */
async function checkOf(asked: Partial<LlmRequest>): Promise<AnswerCheck> {
  const request: LlmRequest = { model: 'm', messages: [], sampling: {}, stream: false, ...asked }
  const check = await answerCheckOf({ when: 'always', isStrict: true }, { endpoint: undefined, request }, TARGET, [])
  if (check === undefined) throw new Error('there is nothing to check')
  return check
}

const text = (words: string): ContentPart => ({ type: 'text', text: words })
const call = (name: string, words: string, namespace?: string): ContentPart => ({
  type: 'tool-call',
  id: 'c',
  name,
  namespace,
  input: { kind: 'json', text: words },
})
const answered = (check: AnswerCheck, content: ContentPart[], unified: UnifiedFinish = 'stop'): AnswerCheck => {
  check.take({ choices: [{ index: 0, content, finish: { unified, raw: undefined } }] })
  return check
}
const tool = (name: string, parameters: unknown) =>
  ({ type: 'function', name, parameters, parametersPath: `/tools/${name}` }) as const

const BY_SCHEMA = { responseFormat: { type: 'json-schema', schema: ADULT, schemaPath: '/format' } } as const

describe('the text of an answer', () => {
  test.each([
    ['{"age": 20}', 'valid', []],
    ['{"age": 7}', 'invalid', ['/format/properties/age/minimum']],
    ['twenty', 'invalid', ['/format']],
    [JSON.stringify({ age: 20, note: 'x'.repeat(1024 * 1024) }), 'unchecked', ['/format']],
  ] as const)('%.20s is %s', async (words, result, paths) => {
    const check = answered(await checkOf(BY_SCHEMA), [text(words)])
    expect([check.result, check.findings.map(({ path }) => path)]).toEqual([result, [...paths]])
    expect(check.refusal?.code).toBe(result === 'invalid' ? 'answer_schema_mismatch' : undefined)
  })

  test('beside calls is no answer yet', async () => {
    const asked = { ...BY_SCHEMA, tools: [tool('grow', ADULT)] }
    // Some upstreams end calls as they end texts.
    for (const end of ['tool-calls', 'stop', 'length'] as const) {
      const check = answered(await checkOf(asked), [text('Let me see.'), call('grow', '{"age": 20}')], end)
      expect(check.result).toBe('valid')
    }
  })
})

describe('the arguments of calls', () => {
  test('are checked by the schema of their own tool, by its namespace too', async () => {
    const child = { ...ADULT, properties: { age: { maximum: 17 } } }
    const asked = { tools: [tool('grow', ADULT), { type: 'namespace', name: 'small', tools: [tool('grow', child)] }] } as const
    const check = await checkOf(asked as unknown as Partial<LlmRequest>)
    answered(check, [call('grow', '{"age": 20}'), call('grow', '{"age": 7}', 'small'), call('unknown', '{}')], 'tool-calls')
    expect(check.result).toBe('valid')
    answered(check, [call('grow', '{"age": 20}', 'small')], 'tool-calls')
    expect(check.result).toBe('invalid')
  })

  test('may be nothing at all where nothing is wanted', async () => {
    const check = answered(await checkOf({ tools: [tool('refresh', { type: 'object' })] }), [call('refresh', '')], 'tool-calls')
    expect(check.result).toBe('valid')
  })

  test('that are wrong stay wrong, whatever is found afterwards', async () => {
    const asked = { tools: [tool('grow', ADULT), tool('open', { pattern: '(?=a)' })] }
    const check = answered(await checkOf(asked), [call('grow', '{"age": 7}'), call('open', '"a"')], 'tool-calls')
    expect([check.result, check.findings.length]).toEqual(['invalid', 2])
  })
})
