import { expect, test } from 'bun:test'
import { estimateCost } from './estimate-cost.ts'
import { user } from './probe-parts.ts'
import type { Probe } from './probe.types.ts'
import { ERROR_PROBES } from './probes/errors.ts'
import { USUAL_TOKENS } from './run-probes.ts'

const BASE = { group: 'text', about: 'It answers.', kind: 'call', stream: false, expects: [] } as const
const hi: Probe = { ...BASE, id: 'hi', request: { messages: [user('hi')] } }
const tokens = (...probes: readonly Probe[]): number => estimateCost(probes, undefined).inputTokens

test('what is refused costs nothing, and a turn that continues another is one more call', () => {
  expect(estimateCost(ERROR_PROBES, undefined)).toMatchObject({ calls: 0, inputTokens: 0, mostOutputTokens: 0 })
  const goesOn: Probe = { ...hi, next: () => undefined }
  expect(estimateCost([hi, goesOn], undefined)).toMatchObject({ calls: 3, mostOutputTokens: 3 * USUAL_TOKENS })
  expect(tokens(hi, goesOn)).toBe(3 * tokens(hi))
})

test('an image is counted as what vendors take for one, and not by its bytes', () => {
  const image = (bytes: number) =>
    ({ type: 'image', source: { kind: 'base64', mediaType: 'image/png', data: 'x'.repeat(bytes) } }) as const
  const withImage = (bytes: number): Probe => ({ ...BASE, id: 'image', request: { messages: [user('hi', image(bytes))] } })
  expect(tokens(withImage(10))).toBe(tokens(withImage(1_000_000)))
  expect(tokens(withImage(10)) - tokens(hi)).toBeGreaterThanOrEqual(1_600)
})

test('money is told where the price is known, at most what the longest answers cost', () => {
  const price = { rates: { input: 1_000_000, output: 2_000_000 }, contextTiers: [] }
  expect(estimateCost([hi], undefined).mostNanoDollars).toBeUndefined()
  expect(estimateCost([hi], price).mostNanoDollars).toBe(tokens(hi) + 2 * USUAL_TOKENS)
})
