import { describe, expect, test } from 'bun:test'
import { codecFor } from '../../src/codecs/registry.ts'
import { WIRE_FORMATS } from '../../src/ir/wire-format.ts'
import { leavesOf } from './support/leaves.ts'
import { loadCaptures, WITHOUT_CAPTURES, type Capture } from './support/shared-data.ts'
import { decodedRequest, translate } from './support/translate.ts'
import { refusals } from './support/validity.ts'
import { vanished } from './support/vanished.ts'

const captures = loadCaptures()
const named = captures.map((capture) => [capture.name, capture] as const)
const claude = captures.filter((capture) => capture.name.startsWith('claude-code'))

const markersIn = (body: unknown): number =>
  leavesOf(body).filter(({ path, value }) => path.endsWith('/cache_control/type') && value === 'ephemeral').length

const ATTRIBUTION = 'x-anthropic-billing-header:'

/** The same request with another attribution block, as the next turn of the client would have it. */
function withAttribution({ body }: Capture, attribution: string): Record<string, unknown> {
  const copy = structuredClone(body)
  const [first] = copy['system'] as { text: string }[]
  expect(first?.text.startsWith(ATTRIBUTION)).toBe(true)
  first!.text = `${ATTRIBUTION} ${attribution}`
  return copy
}

describe.skipIf(captures.length === 0)(`requests of real agents (${WITHOUT_CAPTURES})`, () => {
  for (const to of WIRE_FORMATS) {
    for (const server of ['first-party', 'plain'] as const) {
      test.each(named)(`%s is a valid request for a ${server} upstream of ${to}`, (_name, { body, format }) => {
        const sent = translate(body, format, to, { server, stream: true })
        expect(refusals(sent.body, to)).toEqual([])
        // Of Gemini and of Bedrock the address says so.
        expect(sent.body['stream']).toBe(to === 'gemini' || to === 'bedrock_converse' ? undefined : true)
      })
    }

    test.each(named)(`%s loses nothing on its way to ${to} without a diagnostic`, (_name, { body, format }) => {
      expect(vanished(body, [format, to], { server: 'plain', stream: true })).toEqual([])
    })
  }

  test.each(named)('%s is understood and told nothing about, where its own format is spoken', (_name, { body, format }) => {
    const sent = translate(body, format, format, { server: 'first-party', stream: body['stream'] === true })
    expect(sent.diagnostics.filter(({ code }) => code !== 'max_output_tokens.default')).toEqual([])
    expect(markersIn(sent.body)).toBe(markersIn(body))
  })

  test.each(named)('%s is not changed by being translated', (_name, { body, format }) => {
    const before = JSON.stringify(body)
    for (const to of WIRE_FORMATS) translate(body, format, to)
    expect(JSON.stringify(body)).toBe(before)
  })

  test('the agents ask for cache markers, which is what the test of markers is about', () => {
    expect(claude.length).toBeGreaterThan(0)
    for (const { body } of claude) expect(markersIn(body)).toBeGreaterThan(0)
  })
})

describe.skipIf(claude.length === 0)(`the attribution block of Claude Code (${WITHOUT_CAPTURES})`, () => {
  const cases = claude.filter(({ body }) => JSON.stringify(body['system'] ?? '').includes(ATTRIBUTION))

  test('stands in the requests at hand', () => {
    expect(cases.length).toBeGreaterThan(0)
  })

  for (const to of WIRE_FORMATS) {
    test(`does not reach an upstream of ${to} that is not Anthropic's own, so that its prompt cache holds`, () => {
      for (const capture of cases) {
        const [one, two] = ['cc_version=1.aaa; cch=00001;', 'cc_version=1.bbb; cch=00002;'].map((attribution) =>
          JSON.stringify(
            translate(withAttribution(capture, attribution), 'anthropic', to, { server: 'plain', stream: true }).body,
          ),
        )
        expect(one).toBe(two)
        expect(one).not.toContain(ATTRIBUTION)
      }
    })
  }

  test("goes to Anthropic's own API as it was", () => {
    for (const capture of cases) {
      const { body, diagnostics } = translate(withAttribution(capture, 'cc_version=1.ccc;'), 'anthropic', 'anthropic', {
        server: 'first-party',
      })
      expect(JSON.stringify(body)).toContain(`${ATTRIBUTION} cc_version=1.ccc;`)
      expect(diagnostics.map(({ code }) => code)).not.toContain('attribution_block')
    }
  })
})

describe.skipIf(captures.length === 0)(`the names of tools that agents define (${WITHOUT_CAPTURES})`, () => {
  test('come back from every upstream as the agent wrote them', () => {
    for (const { body, format } of captures) {
      const { value: request } = decodedRequest(body, format)
      const own = new Set(
        leavesOf(body['tools'] ?? [])
          .filter(({ key }) => key === 'name')
          .map(({ value }) => value),
      )
      for (const to of WIRE_FORMATS) {
        const sent = translate(body, format, to).body
        for (const name of wireNames(sent)) {
          const answer = {
            choices: [
              {
                index: 0,
                content: [{ type: 'tool-call' as const, id: 'c', name, input: { kind: 'json' as const, text: '{}' } }],
                finish: { unified: 'tool-calls' as const },
              },
            ],
          }
          const context = { requestId: '0'.repeat(32), model: 'm', createdAt: 1, request }
          const shown = JSON.stringify(codecFor(format).encodeResponse(answer, context).value)
          const shownName = /"name":"([^"]+)"/.exec(shown)?.[1]
          expect({ to, name, known: own.has(shownName) }).toEqual({ to, name, known: true })
        }
      }
    }
  })
})

/** Names of the client's tools in an upstream body. */
function wireNames(body: Record<string, unknown>): string[] {
  return ((body['tools'] ?? []) as Record<string, unknown>[]).flatMap((tool) => {
    if (Array.isArray(tool['functionDeclarations']))
      return (tool['functionDeclarations'] as { name: string }[]).map(({ name }) => name)
    const inner = (tool['function'] ?? tool['custom'] ?? tool) as Record<string, unknown>
    const isOwn = tool['type'] === undefined || tool['type'] === 'function' || tool['type'] === 'custom'
    return isOwn && typeof inner['name'] === 'string' ? [inner['name']] : []
  })
}
