import { describe, expect, test } from 'bun:test'
import { codecFor } from '../../codecs/registry.ts'
import { asProviderId, targetIdOf } from '../../ir/ids.ts'
import type { LlmRequest } from '../../ir/request.ts'
import { StreamFacts, type StreamTransform } from '../stream-facts.ts'
import { answerCheckOf } from './answer-check.ts'
import { CheckedTransform } from './checked-transform.ts'

const P = asProviderId('up')
const TARGET = { id: targetIdOf(P, 'm'), provider: P, model: 'm', format: 'openai' } as const

/** Bytes that go through as they are; the model has finished when one of them says so. */
class Through implements StreamTransform {
  readonly facts = new StreamFacts()
  readonly heldBytes = 0
  readonly failures: string[] = []
  private bytes: Uint8Array | undefined = undefined

  push(chunk: Uint8Array): void {
    if (Buffer.from(chunk).includes('"stop"')) this.facts.finish = { unified: 'stop', raw: 'stop' }
    this.bytes = chunk
  }

  end(): void {
    this.facts.ended = true
  }

  fail(message: string): void {
    this.failures.push(message)
  }

  take(): Uint8Array | undefined {
    const { bytes } = this
    this.bytes = undefined
    return bytes
  }
}

async function checked() {
  const responseFormat = { type: 'json-schema', schema: { type: 'number' }, schemaPath: '/format' } as const
  const request: LlmRequest = { model: 'm', messages: [], sampling: {}, stream: true, responseFormat }
  const check = await answerCheckOf({ when: 'always', isStrict: true }, { endpoint: undefined, request }, TARGET, [])
  const inner = new Through()
  const codec = codecFor('openai')
  const transform = new CheckedTransform(inner, {
    check: check!,
    decoder: codec.createStreamDecoder(),
    createErrorEncoder: () => codec.createStreamEncoder({ requestId: 'f'.repeat(32), model: 'm', createdAt: 1, request }),
  })
  const push = (delta: object, reason: string | null = null): string => {
    const chunk = {
      id: 'x',
      object: 'chat.completion.chunk',
      created: 1,
      model: 'm',
      choices: [{ index: 0, delta, finish_reason: reason }],
    }
    transform.push(Buffer.from(`data: ${JSON.stringify(chunk)}\n\n`))
    return Buffer.from(transform.take() ?? []).toString()
  }
  return { transform, inner, check: check!, push }
}

describe('a stream that is checked', () => {
  test('goes through, and is told as invalid in place of its end, also when the upstream breaks off behind that', async () => {
    for (const over of ['end', 'fail'] as const) {
      const { transform, inner, push } = await checked()
      expect(push({ content: '"text"' })).toContain('text')
      expect(push({}, 'stop')).toBe('')
      if (over === 'end') transform.end()
      else transform.fail('broke')
      expect(inner.failures).toEqual(over === 'end' ? [] : ['broke'])
      expect(Buffer.from(transform.take() ?? []).toString()).toContain('strict_answer_schema')
      expect(transform.take()).toBeUndefined()
    }
  })

  test('that breaks off before its end is refused by nobody', async () => {
    const { transform, check, push } = await checked()
    push({ content: '"te' })
    transform.fail('broke')
    expect([transform.refusal, check.result, transform.take()]).toEqual([undefined, undefined, undefined])
  })

  test('is not kept beyond 8 MiB, and goes on', async () => {
    const { transform, check, push } = await checked()
    for (let piece = 0; piece < 9; piece++) push({ content: 'x'.repeat(1024 * 1024) })
    expect([check.result, check.findings.map(({ path }) => path)]).toEqual(['unchecked', ['/format']])
    expect(push({}, 'stop')).toContain('stop')
    transform.end()
    expect(transform.refusal).toBeUndefined()
  })
})
