import { describe, expect, test } from 'bun:test'
import type { WireFormat } from '../ir/wire-format.ts'
import { chooseFormat, PROBED_FORMATS, probeBody, readProbe } from './format-probe.ts'

const MESSAGE = { type: 'message', content: [] }
const RESPONSE = { object: 'response', output: [] }
const CHAT = { choices: [] }
const error = (message: string, type = 'invalid_request_error'): unknown => ({ error: { type, message } })

describe('an answer to a probe', () => {
  test.each([
    ['anthropic', 200, MESSAGE, 'speaks'],
    ['responses', 200, RESPONSE, 'speaks'],
    ['openai', 200, CHAT, 'speaks'],
    // A bridge that answers in a format of its own.
    ['anthropic', 200, CHAT, 'does-not'],
    ['responses', 200, { ok: true }, 'does-not'],
    ['anthropic', 404, error('no route'), 'does-not'],
    ['responses', 405, {}, 'does-not'],
    ['openai', 501, {}, 'does-not'],
    ['anthropic', 400, error('max_tokens: must be larger'), 'speaks'],
    ['openai', 400, error("Unsupported parameter: 'max_tokens'"), 'speaks'],
    ['openai', 402, error('no credit'), 'speaks'],
    ['openai', 429, error('slow down'), 'speaks'],
    ['anthropic', 400, error('model: x', 'not_found_error'), 'does-not'],
    ['anthropic', 422, error('The model `x` is not supported here'), 'does-not'],
    ['responses', 400, { message: 'Unknown model x' }, 'does-not'],
    ['openai', 401, error('bad key'), 'untold'],
    ['openai', 403, error('no'), 'untold'],
    ['anthropic', 408, {}, 'untold'],
    ['anthropic', 500, error('oops'), 'untold'],
    ['responses', 529, {}, 'untold'],
  ] as const)('%s with status %i and %j: %s', (format, status, body, verdict) => {
    expect(readProbe(format, status, JSON.stringify(body))).toBe(verdict)
  })

  test('that is a page is none, whatever its status says', () => {
    for (const status of [200, 400, 429]) expect(readProbe('openai', status, '<html>Welcome</html>')).toBe('does-not')
    for (const text of ['', '[]', 'null', '"x"', '{"choices":']) expect(readProbe('openai', 200, text)).toBe('does-not')
  })
})

test('a probe asks for next to nothing', () => {
  expect(PROBED_FORMATS.map((format) => Object.keys(probeBody(format, 'm')).sort())).toEqual([
    ['max_tokens', 'messages', 'model'],
    ['input', 'max_output_tokens', 'model', 'store'],
    ['max_tokens', 'messages', 'model'],
  ])
})

describe('the format to speak', () => {
  const spoken = (...formats: WireFormat[]): ReadonlySet<WireFormat> => new Set(formats)
  test.each([
    [spoken('anthropic', 'responses', 'openai'), 'openai', 'openai'],
    [spoken('anthropic', 'responses', 'openai'), 'responses', 'responses'],
    [spoken('anthropic', 'responses', 'openai'), 'gemini', 'anthropic'],
    [spoken('responses', 'openai'), 'anthropic', 'responses'],
    [spoken('openai'), 'anthropic', 'openai'],
    [spoken(), 'anthropic', 'openai'],
    [undefined, 'responses', 'openai'],
  ] as const)('of %p for a client of %s is %s', (formats, client, chosen) => {
    expect(chooseFormat(formats, client)).toBe(chosen)
  })
})
