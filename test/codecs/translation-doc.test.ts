import { expect, test } from 'bun:test'
import { readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { LOSS_TABLE } from '../../src/catalog/predict-loss.ts'
import { FEATURES } from '../../src/ir/feature.ts'
import { WIRE_FORMATS } from '../../src/ir/wire-format.ts'

const FILE = path.resolve(import.meta.dir, '../../docs/reference/translation.md')
const [BEGIN, END] = ['<!-- matrix -->\n', '<!-- end of matrix -->']

function matrix(): string {
  const rows = FEATURES.map((feature) => {
    const verdicts = WIRE_FORMATS.map((format) => LOSS_TABLE[format][feature])
    return `| \`${feature}\` | ${verdicts.join(' | ')} |`
  })
  return [
    '',
    '| feature | Chat Completions | Responses | Messages | Gemini | Converse |',
    '|---|---|---|---|---|---|',
    ...rows,
    '',
    '',
  ].join('\n')
}

/** `UPDATE_GOLDENS=1` writes the table of today. */
test('the published table of translation is the one that predictions are made from', () => {
  const text = readFileSync(FILE, 'utf8')
  const begin = text.indexOf(BEGIN) + BEGIN.length
  const end = text.indexOf(END)
  expect(begin).toBeLessThanOrEqual(end)
  const current = text.slice(0, begin) + matrix() + text.slice(end)
  if (process.env['UPDATE_GOLDENS'] === '1') writeFileSync(FILE, current)
  expect(readFileSync(FILE, 'utf8')).toBe(current)
})
