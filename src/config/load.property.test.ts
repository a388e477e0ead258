import { expect, test } from 'bun:test'
import fc from 'fast-check'
import { readFileSync } from 'node:fs'
import { parse, stringify } from 'yaml'
import { loadConfigText } from '../../test/support/load-config-text.ts'
import { configFromObject } from './load.ts'

const example = readFileSync(new URL('../../config/example.yaml', import.meta.url), 'utf8')
const surroundings = { cwd: '/srv/app', home: '/home/someone', env: {} }

/** Values that stand where a configuration has something else. */
const oddValue = fc.oneof(
  fc.constantFrom(
    null,
    true,
    0,
    -1,
    1.5,
    '',
    '*',
    '${',
    '${X}',
    '${X:-1}',
    'https://x',
    'a/b',
    [],
    {},
    [[]],
    [null],
    { id: 1 },
    { __proto__: 1 },
  ),
  fc.string(),
  fc.jsonValue({ maxDepth: 3 }),
)

/** Every path of a document. */
function pathsOf(value: unknown, path: (string | number)[] = []): (string | number)[][] {
  if (typeof value !== 'object' || value === null) return [path]
  return [
    path,
    ...Object.entries(value).flatMap(([key, inner]) => pathsOf(inner, [...path, Array.isArray(value) ? Number(key) : key])),
  ]
}

test('whatever stands anywhere in a configuration, loading gives an answer with a place and does not throw', () => {
  const paths = pathsOf(parse(example))
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.constantFrom(...paths), oddValue), { minLength: 1, maxLength: 4 }), (changes) => {
      const document = parse(example) as Record<string, unknown>
      for (const [path, value] of changes) {
        let parent: unknown = document
        for (const step of path.slice(0, -1))
          parent = typeof parent === 'object' && parent !== null ? (parent as Record<string, unknown>)[step] : undefined
        const key = path.at(-1)
        if (key !== undefined && typeof parent === 'object' && parent !== null) (parent as Record<string, unknown>)[key] = value
      }
      const result = loadConfigText(stringify(document))
      const notes = [...(result.ok ? [] : result.problems), ...result.warnings]
      for (const note of notes)
        expect([note.line, note.column].every((position) => position !== undefined && position > 0)).toBe(true)
      expect(result.ok || result.problems.length > 0).toBe(true)
      configFromObject(document, surroundings)
    }),
    { numRuns: 80 },
  )
})

test('a file cut or damaged anywhere gives an answer and does not throw', () => {
  fc.assert(
    fc.property(fc.nat(example.length), fc.nat(20), fc.string({ maxLength: 5 }), (start, length, insert) => {
      loadConfigText(example.slice(0, start) + insert + example.slice(start + length))
    }),
    { numRuns: 80 },
  )
})
