import { expect, test } from 'bun:test'
import { anthropicCodec } from './anthropic/index.ts'
import { withoutAttribution } from './attribution.ts'
import { Report } from './report.ts'

const body = (attribution: string) => ({
  model: 'm',
  max_tokens: 10,
  system: [
    { type: 'text', text: `x-anthropic-billing-header: cc_version=${attribution};` },
    { type: 'text', text: 'You are Claude Code.', cache_control: { type: 'ephemeral' } },
  ],
  messages: [{ role: 'user', content: 'hi' }],
})

function encoded(attribution: string): string {
  const report = new Report()
  const request = withoutAttribution(anthropicCodec.decodeRequest(body(attribution)).value, report)
  expect(report.diagnostics).toMatchObject([{ code: 'attribution_block', severity: 'edited', path: '/system/0' }])
  return JSON.stringify(anthropicCodec.encodeRequest(request, { model: 'm', quirks: {}, facts: {}, stream: false }).value)
}

test('two turns that differ in the attribution block only are encoded to the same bytes', () => {
  expect(encoded('2.1.197.18e')).toBe(encoded('2.1.197.99f'))
  expect(encoded('1')).not.toContain('x-anthropic-billing-header')
})

test('a request without the block comes back as the same object', () => {
  const report = new Report()
  const { value } = anthropicCodec.decodeRequest({
    ...body('1'),
    system: 'Be brief. x-anthropic-billing-header: is a word here.',
  })
  expect(withoutAttribution(value, report)).toBe(value)
  expect(report.diagnostics).toEqual([])
})
