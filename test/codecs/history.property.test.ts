import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import { codecFor } from '../../src/codecs/registry.ts'
import { toolInputText } from '../../src/codecs/tool-input.ts'
import type { LlmRequest } from '../../src/ir/request.ts'
import { WIRE_FORMATS } from '../../src/ir/wire-format.ts'
import { property } from './support/property.ts'
import { bodyOfStory, type Step } from './support/story.ts'
import { CYCLES, decodedRequest, PAIRS, targetOf, translate, type Server } from './support/translate.ts'
import { refusals } from './support/validity.ts'

const server = fc.constantFrom<Server>('first-party', 'plain')
const said = fc.string({ minLength: 1, maxLength: 12, unit: 'grapheme' }).map((text) => `say ${text}.`)
const toolName = fc.constantFrom('search', 'read_file', 'Tool-9')

/** Ids as vendors make them, and as they should not be. */
const callId = fc.oneof(
  fc.stringMatching(/^toolu_[A-Za-z0-9]{6}$/),
  fc.stringMatching(/^call_[A-Za-z0-9]{6}$/),
  fc.constantFrom('functions.search:0', 'call|x', 'a b', 'ärger', 'x'.repeat(80), 'y.'.repeat(60), 'sbid_x', '0'),
)

/** Turns in order, every call answered. */
const soundStory: fc.Arbitrary<Step[]> = fc
  .tuple(
    said,
    fc.array(
      fc.record({
        asked: said,
        text: fc.oneof(fc.constant(''), said),
        calls: fc.uniqueArray(fc.record({ id: callId, name: toolName, query: said, answer: said }), {
          maxLength: 3,
          selector: (call) => call.id,
        }),
        answer: said,
      }),
      { minLength: 1, maxLength: 3 },
    ),
  )
  .map(([system, turns]) => [
    { kind: 'system', text: system },
    ...turns.flatMap(({ asked, text, calls, answer }, turn): Step[] => {
      const numbered = calls.map((call) => ({ ...call, id: `${call.id}${turn}` }))
      const exchange: Step[] = [
        { kind: 'calls', text, calls: numbered },
        ...numbered.map((call): Step => ({ kind: 'result', id: call.id, text: call.answer })),
      ]
      return [{ kind: 'user', text: asked }, ...(calls.length === 0 ? [] : exchange), { kind: 'assistant', text: answer }]
    }),
    { kind: 'user', text: 'go on' },
  ])

const anyText = fc.oneof({ weight: 3, arbitrary: said }, fc.constantFrom('', ' ', '\n\t', 'ends in space '))
/** Turns in any order: results lost, doubled, foreign or too early, ids used again, nothing said, nobody asked. */
const brokenStory: fc.Arbitrary<Step[]> = fc
  .array(
    fc.oneof(
      fc.record({ kind: fc.constantFrom('system', 'developer', 'user', 'assistant'), text: anyText }),
      fc.record({
        kind: fc.constant('calls'),
        text: anyText,
        calls: fc.uniqueArray(
          fc.record({ id: callId, name: fc.oneof(toolName, fc.constantFrom('a.b', 'z'.repeat(90), 'naïve')), query: anyText }),
          {
            minLength: 1,
            maxLength: 3,
            selector: (call) => call.id,
          },
        ),
      }),
      fc.record({ kind: fc.constant('result'), id: callId, text: anyText, failed: fc.boolean() }),
    ) as fc.Arbitrary<Step>,
    { minLength: 1, maxLength: 10 },
  )
  // A call without any turn is nobody's history.
  .map((steps) =>
    steps.every(({ kind }) => kind === 'system' || kind === 'developer') ? [...steps, { kind: 'user', text: 'hi' }] : steps,
  )

describe('a history of one vendor, sent to another', () => {
  for (const [from, to] of PAIRS) {
    test(`is valid when it was sound: ${from} to ${to}`, () => {
      property([soundStory, server], (story, kind) => {
        const { body, diagnostics } = translate(bodyOfStory(story, from), from, to, { server: kind })
        expect(refusals(body, to)).toEqual([])
        expect(diagnostics.filter(({ code }) => code === 'part.tool_result_order' || code === 'part.tool_result_orphan')).toEqual(
          [],
        )
      })
    })

    // A body that stays in Responses may rightly answer calls that only the provider knows.
    const isOwnMatter = from === 'responses' && to === 'responses'
    if (!isOwnMatter)
      test(`is made valid when it was broken: ${from} to ${to}`, () => {
        property(
          [brokenStory, server],
          (story, kind) => {
            const { body } = translate(bodyOfStory(story, from), from, to, { server: kind })
            expect(refusals(body, to)).toEqual([])
          },
          300,
        )
      })

    test(`keeps all that was said when it was broken: ${from} to ${to}`, () => {
      property([brokenStory, server], (story, kind) => {
        const { body } = translate(bodyOfStory(story, from), from, to, { server: kind })
        const text = JSON.stringify(body)
        const spoken = story.flatMap((step) => (step.kind === 'result' ? [] : [step.text.trim()]))
        for (const words of spoken) expect(text).toContain(JSON.stringify(words).slice(1, -1))
      })
    })
  }

  for (const format of WIRE_FORMATS) {
    test(`has the same tool ids in every turn: ${format}`, () => {
      property([soundStory], (story) => {
        const half = story.slice(0, Math.ceil(story.length / 2) + 1)
        const whole = idsIn(translate(bodyOfStory(story, 'openai'), 'openai', format).body)
        for (const id of idsIn(translate(bodyOfStory(half, 'openai'), 'openai', format).body)) expect(whole).toContain(id)
      })
    })
  }
})

const idsIn = (body: unknown): string[] =>
  [...JSON.stringify(body).matchAll(/"(?:id|call_id|tool_call_id|tool_use_id)":"([^"]+)"/g)].map((match) => match[1]!)

interface Told {
  readonly texts: string[]
  readonly calls: readonly { readonly name: string; readonly input: unknown }[]
  readonly results: string[]
}

function told(request: LlmRequest): Told {
  const parts = request.messages.flatMap((message) => message.content)
  return {
    texts: parts.flatMap((part) => (part.type === 'text' ? [part.text] : [])),
    calls: parts.flatMap((part) =>
      part.type === 'tool-call' ? [{ name: part.name, input: JSON.parse(toolInputText(part.input)) as unknown }] : [],
    ),
    results: parts.flatMap((part) =>
      part.type === 'tool-result' ? [part.content.map((inner) => (inner.type === 'text' ? inner.text : '')).join('')] : [],
    ),
  }
}

function toldByStory(story: readonly Step[]): Told {
  const calls = story.flatMap((step) => (step.kind === 'calls' ? step.calls : []))
  return {
    texts: story.flatMap((step) => (step.kind === 'result' || step.text === '' ? [] : [step.text])),
    calls: calls.map(({ name, query }) => ({ name, input: { query } })),
    results: story.flatMap((step) => (step.kind === 'result' ? [step.text] : [])),
  }
}

describe('a conversation that went through all formats and back', () => {
  for (const cycle of CYCLES) {
    test(`still says the same: ${cycle.join(' → ')}`, () => {
      property([soundStory, server], (story, kind) => {
        let body: Record<string, unknown> = bodyOfStory(story, cycle[0]!)
        for (const [index, to] of cycle.slice(1).entries()) body = translate(body, cycle[index]!, to, { server: kind }).body
        const request = decodedRequest(body, cycle[0]!).value
        expect(told(request)).toEqual(toldByStory(story))
        expect(
          refusals(codecFor(cycle[0]!).encodeRequest(request, targetOf(cycle[0]!, { server: kind })).value, cycle[0]!),
        ).toEqual([])
      })
    })
  }
})
