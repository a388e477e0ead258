import { describe, expect, test } from 'bun:test'
import { codecs } from '../../codecs/registry.ts'
import type { GatewayError } from '../../errors/gateway-error.ts'
import { asProviderId } from '../../ir/ids.ts'
import type { StreamEvent, StreamFailure } from '../../ir/stream-event.ts'
import { WIRE_FORMATS, type WireFormat } from '../../ir/wire-format.ts'
import { UpstreamErrors } from '../upstream-error.ts'
import type { ErrorCase } from './error-case.ts'
import { ERROR_CORPUS } from './index.ts'

const WALL = Date.parse('2026-01-01T00:00:00Z')
const errorsOf = (format: WireFormat): UpstreamErrors =>
  new UpstreamErrors({ id: asProviderId('acme'), format, accounts: [] }, () => WALL)

/** As the engine does it: the body through the codec, then the classification. */
function answered(found: ErrorCase, format: WireFormat): GatewayError {
  const body: unknown = found.body === undefined ? undefined : JSON.parse(JSON.stringify(found.body))
  const facts = found.body === undefined ? { status: found.status } : codecs[format].decodeError(found.status, body)
  return errorsOf(format).ofStatus(found.status, facts, new Headers(found.headers))
}

/** The failure that a decoder finds in a frame. */
function failureIn(frame: NonNullable<ErrorCase['frame']>, format: WireFormat): StreamFailure | undefined {
  const events: StreamEvent[] = []
  const data = JSON.stringify(frame.data)
  codecs[format].createStreamDecoder().push({ event: frame.event, data }, (event) => void events.push(event))
  const failure = events.find((event) => event.type === 'error')
  return failure?.error
}

for (const { provider, format, cases } of ERROR_CORPUS) {
  describe(`errors of ${provider}`, () => {
    test.each(cases.map((found) => [found.what, found] as const))('%s', (_what, found) => {
      const used = found.format ?? format
      const error = answered(found, used)
      expect(error.code).toBe(found.code)
      expect(error.retryAfterMs).toBe(found.retryAfterMs)
      if (found.overflow !== undefined) expect(error.overflow).toEqual(found.overflow)
      if (found.frame === undefined) return
      const failure = failureIn(found.frame, used)
      expect(failure === undefined ? undefined : errorsOf(used).ofFailure(failure).code).toBe(found.code)
    })
  })
}

describe('the error corpus', () => {
  test('has at least six cases a provider, and no provider twice', () => {
    for (const { cases } of ERROR_CORPUS) expect(cases.length).toBeGreaterThanOrEqual(6)
    expect(new Set(ERROR_CORPUS.map(({ provider }) => provider)).size).toBe(ERROR_CORPUS.length)
  })

  test('has a source for each case, and no case twice', () => {
    for (const { cases } of ERROR_CORPUS) {
      for (const { source } of cases) expect(new URL(source).protocol).toBe('https:')
      expect(new Set(cases.map(({ what }) => what)).size).toBe(cases.length)
    }
  })

  test("never counts a client's own mistake against a provider, and locks nothing for it", () => {
    for (const { format, cases } of ERROR_CORPUS) {
      for (const found of cases.filter(({ code }) => code === 'upstream_invalid_request')) {
        const { row } = answered(found, found.format ?? format)
        expect(row).toMatchObject({ next: 'stop', locks: 'nothing', countsAgainstHealth: false })
      }
    }
  })

  test.each(WIRE_FORMATS)('a prompt that does not fit is the same to clients of %s, whoever refused it', (client) => {
    const recognised: Readonly<Record<WireFormat, RegExp>> = {
      openai: /"code":"context_length_exceeded"/,
      responses: /"code":"context_length_exceeded"/,
      anthropic: /"message":"(?:prompt is too long: |input length and `max_tokens` exceed context limit: \d+ \+ \d+ > \d+)/,
      gemini: /"message":"The input token count(?: \(\d+\))? exceeds the maximum number of tokens allowed/,
      bedrock_converse: /"message":"Input is too long for requested model\./,
    }
    const overflows = ERROR_CORPUS.flatMap(({ format, cases }) =>
      cases.filter(({ code }) => code === 'upstream_context_too_long').map((found) => answered(found, found.format ?? format)),
    )
    expect(overflows.length).toBeGreaterThan(20)
    for (const error of overflows) {
      const { status, body } = codecs[client].encodeError(error, 'req_1')
      expect(status).toBe(400)
      expect(JSON.stringify(body)).toMatch(recognised[client])
      expect(JSON.stringify(body)).toContain(
        client === 'gemini'
          ? '"status":"INVALID_ARGUMENT"'
          : client === 'bedrock_converse'
            ? '"__type":"ValidationException"'
            : '"type":"invalid_request_error"',
      )
    }
  })
})
