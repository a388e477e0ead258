import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import type { ModelFacts } from '../../src/codecs/codec.ts'
import { extractFeatures } from '../../src/catalog/features.ts'
import { LOSS_TABLE, predictLosses } from '../../src/catalog/predict-loss.ts'
import { WIRE_FORMATS } from '../../src/ir/wire-format.ts'
import { bodyOf } from './arbitrary/index.ts'
import { property } from './support/property.ts'
import { PAIRS, translate, type Server, type TargetOptions } from './support/translate.ts'
import { refusals } from './support/validity.ts'
import { vanished } from './support/vanished.ts'

const server = fc.constantFrom<Server>('first-party', 'plain', 'vendor')
/** What the catalogue may say of a model: nothing, or limits and rules that make encoders change the request. */
const facts: fc.Arbitrary<ModelFacts> = fc.record(
  {
    maxOutputTokens: fc.constantFrom(8_000, 64_000),
    thinking: fc.constantFrom<NonNullable<ModelFacts['thinking']>>('budget', 'adaptive', 'both', 'none'),
    sampling: fc.boolean(),
  },
  { requiredKeys: [] },
)
const options: fc.Arbitrary<TargetOptions> = fc.record({ server, facts, stream: fc.boolean() })

describe('a translated request', () => {
  for (const [from, to] of PAIRS) {
    test(`from ${from} to ${to} holds every leaf of the client's body or a diagnostic for it`, () => {
      property([bodyOf[from](), options], (body, target) => {
        expect(vanished(body, [from, to], target)).toEqual([])
      })
    })

    test(`from ${from} to ${to} loses nothing that was not predicted`, () => {
      property([bodyOf[from](), options], (body, target) => {
        const { request, diagnostics } = translate(body, from, to, target)
        const predicted = predictLosses(extractFeatures(request), to)
        for (const { severity, code, path } of diagnostics) {
          if (severity === 'lost')
            expect({ path, predicted: predicted.includes(code), code }).toEqual({ path, predicted: true, code })
          expect({ code, path, verdict: LOSS_TABLE[to][code] }).not.toMatchObject({ verdict: 'carried' })
        }
      })
    })
  }

  for (const [from, to] of PAIRS) {
    if (from === to) continue
    test(`from ${from} to ${to} is one that the vendor would not refuse`, () => {
      property([bodyOf[from](), options], (body, target) => {
        expect(refusals(translate(body, from, to, target).body, to)).toEqual([])
      })
    })
  }

  for (const format of WIRE_FORMATS) {
    test(`from ${format} to the same format is the body it was`, () => {
      property([bodyOf[format]('wild')], (body) => {
        const before = JSON.stringify(body)
        const { body: sent, diagnostics } = translate(body, format, format, {
          // Newer models of Google refuse some histories that older ones take.
          model: 'gemini-2.5-flash',
          facts: { thinking: 'both' },
          server: 'first-party',
          stream: body['stream'] === true,
        })
        const renamed: Record<string, unknown> = { ...sent, model: body['model'] }
        expect(renamed).toEqual(withoutDefaults(body))
        expect(diagnostics).toEqual([])
        expect(JSON.stringify(body)).toBe(before)
      })
    })
  }
})

/** `stream: false` says what its absence says and is not written. */
function withoutDefaults(body: Record<string, unknown>): Record<string, unknown> {
  const { stream, ...rest } = body
  return stream === true ? body : rest
}
