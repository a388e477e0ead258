import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import type { LlmRequest } from '../ir/request.ts'
import { identifySession, type SessionOptions } from './session-id.ts'

const UUID = '58d01d7e-ddd1-4ad7-99d5-a3797964da31'

const request = (fields: Partial<LlmRequest> = {}): LlmRequest => ({
  model: 'm',
  messages: [{ role: 'user', content: [{ type: 'text', text: 'a secret question' }] }],
  sampling: {},
  stream: false,
  ...fields,
})

function session(headers: Record<string, string>, fields: Partial<LlmRequest> = {}, options?: SessionOptions): unknown {
  const found = identifySession(new Headers(headers), request(fields), options)
  return found === undefined ? undefined : [found.source, found.id]
}

describe('a session is named', () => {
  test.each([
    ['x-switchback-session-id'],
    ['x-switchyard-session-id'],
    ['x-claude-code-session-id'],
    ['x-session-id'],
    ['session-id'],
    ['session_id'],
    ['x-session-affinity'],
  ])('by the header %s, before anything in the body', (name) => {
    expect(session({ [name]: UUID }, { promptCacheKey: 'key' })).toEqual([name, UUID])
  })

  test('by our own header before those of agents', () => {
    expect(session({ 'x-claude-code-session-id': 'agent', 'x-switchback-session-id': 'ours' })).toEqual([
      'x-switchback-session-id',
      'ours',
    ])
  })

  test('by the metadata Codex sends of its turn', () => {
    expect(session({ 'x-codex-turn-metadata': `{"turn_id":"t","session_id":"${UUID}"}` })).toEqual([
      'x-codex-turn-metadata',
      UUID,
    ])
    expect(session({}, { vendor: { client_metadata: { session_id: UUID } } })).toEqual(['client_metadata.session_id', UUID])
  })

  test.each([
    [JSON.stringify({ device_id: 'd', account_uuid: '', session_id: UUID })],
    [`user_${'a'.repeat(64)}_account__session_${UUID}`],
    [`user_${'a'.repeat(64)}_account_${UUID}_session_${UUID}`],
  ])('by the user id of Claude Code %s', (user) => {
    expect(session({}, { user })).toEqual(['metadata.user_id', UUID])
  })

  test.each([
    ['{"device_id":"d"}'],
    ['{not json _session_'],
    ['alice@example.com'],
    ['_session_'],
    [`{"session_id":"${'x'.repeat(5_000)}"}`],
  ])('not by any other user id: %s', (user) => {
    expect(session({}, { user })).toBeUndefined()
  })

  test('by a conversation before a cache key, which several sessions may share', () => {
    const promptCacheKey = 'app-v1'
    expect(session({}, { promptCacheKey, state: { conversation: 'conv_1' } })).toEqual(['conversation', 'conv_1'])
    expect(session({}, { promptCacheKey, state: { conversation: { id: 'conv_1' } } })).toEqual(['conversation', 'conv_1'])
    expect(session({}, { promptCacheKey, state: { previousResponseId: 'resp_1' } })).toEqual(['prompt_cache_key', 'app-v1'])
    expect(session({}, { metadata: { session_id: 's' }, promptCacheKey })).toEqual(['metadata.session_id', 's'])
  })

  test('by the conversation of the turn before when there is nothing else and it is known', () => {
    const state = { previousResponseId: 'resp_7' }
    expect(session({}, { state }, { continued: 'resp_1' })).toEqual(['previous_response_id', 'resp_1'])
    expect(session({}, { state })).toBeUndefined()
    expect(session({ 'x-session-id': 's' }, { state }, { continued: 'resp_1' })).toEqual(['x-session-id', 's'])
  })

  test('by its beginning only where that is wanted, and then by a hash alone', () => {
    expect(session({})).toBeUndefined()
    const options = { firstMessageSalt: 'salt' }
    const [source, id] = session({}, {}, options) as [string, string]
    expect(source).toBe('first_message')
    expect(id).toMatch(/^msg_[0-9a-f]{32}$/)
    const longer = request().messages.concat({ role: 'assistant', content: [{ type: 'text', text: 'an answer' }] })
    expect(session({}, { messages: longer }, options)).toEqual([source, id])
    expect(session({}, {}, { firstMessageSalt: 'other' })).not.toEqual([source, id])
    expect(session({}, { messages: [] }, options)).toBeUndefined()
    expect(session({}, { promptCacheKey: 'key' }, options)).toEqual(['prompt_cache_key', 'key'])
    expect(session({}, { state: { previousResponseId: 'resp_1' } }, options)).toBeUndefined()
  })
})

describe('a session id', () => {
  test('is short and printable whatever the client wrote, and equal only for equal names', () => {
    const name = fc.oneof(
      fc.string({ minLength: 1, maxLength: 200, size: 'max', unit: 'binary' }),
      fc.string({ maxLength: 20 }).map((end) => 'long'.repeat(60) + end),
    )
    fc.assert(
      fc.property(name, name, (left, right) => {
        const [one, other] = [left, right].map((key) => identifySession(new Headers(), request({ promptCacheKey: key }))?.id)
        if (one === undefined || other === undefined) return
        expect(one.length).toBeLessThanOrEqual(128)
        expect(one).not.toMatch(/\p{Cc}/u)
        const printable = (text: string): string => text.trim().replace(/\p{Cc}/gu, '_')
        expect(one === other).toBe(printable(left) === printable(right))
      }),
      { numRuns: 40 },
    )
  })

  test('that is blank names nothing', () => {
    expect(session({ 'x-session-id': '  ', 'session-id': 's' })).toEqual(['session-id', 's'])
    expect(session({}, { promptCacheKey: ' ', metadata: { session_id: 7 }, state: { conversation: null } })).toBeUndefined()
  })
})
