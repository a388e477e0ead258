import { describe, expect, test } from 'bun:test'
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { extractFeatures } from '../../src/catalog/features.ts'
import { predictLosses } from '../../src/catalog/predict-loss.ts'
import { WIRE_FORMATS, type WireFormat } from '../../src/ir/wire-format.ts'
import { loadGoldenSources } from './support/golden-sources.ts'
import { translate, VENDOR_TARGETS } from './support/translate.ts'
import { refusals } from './support/validity.ts'

const FOLDER = path.resolve(import.meta.dir, '../golden')
/** `UPDATE_GOLDENS=1` writes what is sent today; the difference is for a person to read. */
const UPDATE = process.env['UPDATE_GOLDENS'] === '1'

const sources = loadGoldenSources()

const goldenOf = (from: WireFormat, name: string, to: WireFormat): string =>
  path.join(FOLDER, from, `${name}.to-${to}.golden.json`)

describe("the matrix of requests, as they are sent to the vendors' own services", () => {
  for (const { format: from, name, body } of sources) {
    for (const to of WIRE_FORMATS) {
      test(`${name} of ${from} is sent to ${to} as reviewed`, () => {
        const sent = translate(body, from, to, VENDOR_TARGETS[to])
        const found = `${JSON.stringify({ body: sent.body, diagnostics: sent.diagnostics }, null, 2)}\n`
        const file = goldenOf(from, name, to)
        if (UPDATE) writeFileSync(file, found)
        expect(existsSync(file)).toBe(true)
        expect(found).toBe(readFileSync(file, 'utf8'))
      })

      if (from === to) continue
      test(`${name} of ${from} is a valid request of ${to}, and its losses were foreseen`, () => {
        const { request, body: sent, diagnostics } = translate(body, from, to, VENDOR_TARGETS[to])
        expect(refusals(sent, to)).toEqual([])
        const predicted = predictLosses(extractFeatures(request), to)
        for (const { severity, code } of diagnostics) if (severity === 'lost') expect(predicted).toContain(code)
      })
    }
  }

  test('no golden is left of a case that is gone', () => {
    const expected = new Set(sources.flatMap(({ format, name }) => WIRE_FORMATS.map((to) => goldenOf(format, name, to))))
    const found = WIRE_FORMATS.flatMap((format) =>
      readdirSync(path.join(FOLDER, format))
        .filter((file) => file.endsWith('.golden.json'))
        .map((file) => path.join(FOLDER, format, file)),
    )
    const strays = found.filter((file) => !expected.has(file))
    if (UPDATE) for (const file of strays) rmSync(file)
    expect(strays).toEqual([])
  })
})
