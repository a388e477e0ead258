import { describe, expect, test } from 'bun:test'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { ROOTS } from './support/inventory-roots.ts'
import type { Status } from './support/probe.ts'
import { SdkTypes } from './support/sdk-types.ts'

/**
 * Every property of the official SDKs' types and what becomes of it: `test/inventory/<root>.json`. The status is found by putting a
 * value there and looking for it, so the files cannot claim what is not so; `UPDATE_INVENTORY=1` writes what is found, for a person
 * to read. Discriminators, whose one value says what an object is, are not listed.
 */
const FOLDER = path.resolve(import.meta.dir, '../inventory')
const UPDATE = process.env['UPDATE_INVENTORY'] === '1'

const fileOf = (name: string): string => path.join(FOLDER, `${name}.json`)
const read = (name: string): Record<string, string> => JSON.parse(readFileSync(fileOf(name), 'utf8')) as Record<string, string>

/** Properties that the gateway itself answers, in every format. */
const OWN_BUSINESS = /Params\w*\.(model|stream)$|StreamOptions\.include_usage$/

const types = new SdkTypes()
const reasons = Object.keys(read('restated')).map((pattern) => new RegExp(pattern))

describe('the inventory of official types', () => {
  for (const root of ROOTS) {
    const found: Record<string, Status> = {}
    const silent: string[] = []
    for (const property of types.properties(root.name, root.samples, root.bases)) {
      const probe = root.probe(property.bodies())
      found[property.name] = probe.status
      const isOwnBusiness = OWN_BUSINESS.test(property.name) || probe.status === 'restated'
      if (root.name.endsWith('request') && !isOwnBusiness)
        silent.push(...probe.silent.map((to) => `${property.name} is not told to ${to}`))
    }
    const sorted = Object.fromEntries(Object.entries(found).sort(([left], [right]) => (left < right ? -1 : 1)))
    if (UPDATE) writeFileSync(fileOf(root.name), `${JSON.stringify(sorted, null, 2)}\n`)

    test(`lists every property of ${root.name} with what becomes of it`, () => {
      expect(existsSync(fileOf(root.name))).toBe(true)
      expect(sorted).toEqual(read(root.name) as Record<string, Status>)
      expect(Object.keys(sorted).length).toBeGreaterThan(50)
    })

    test(`says why nothing is kept of some properties of ${root.name}`, () => {
      const restated = Object.keys(sorted).filter((name) => sorted[name] === 'restated')
      expect(restated.filter((name) => !reasons.some((reason) => reason.test(name)))).toEqual([])
    })

    if (!root.name.endsWith('request')) continue
    test(`finds no property of ${root.name} that an upstream of any format neither gets nor is reported not to get`, () => {
      expect(silent).toEqual([])
    })
  }

  test('gives no reason that nothing needs', () => {
    const restated = ROOTS.flatMap((root) =>
      Object.entries(read(root.name)).flatMap(([name, status]) => (status === 'restated' ? [name] : [])),
    )
    expect(reasons.filter((reason) => !restated.some((name) => reason.test(name))).map(String)).toEqual([])
  })
})
