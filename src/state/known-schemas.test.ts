import { expect, test } from 'bun:test'
import { readFileSync } from 'node:fs'
import { KNOWN_SCHEMAS } from './known-schemas.ts'

test('every part of the state that has a schema is known to the check of the state', () => {
  const sources = [...new Bun.Glob('**/*.ts').scanSync({ cwd: import.meta.dir })].filter((path) => !path.endsWith('.test.ts'))
  const parts = sources.flatMap((path) => {
    const text = readFileSync(`${import.meta.dir}/${path}`, 'utf8')
    return text.includes('openSqliteDatabase(') ? [...text.matchAll(/domain: '(\w+)'/g)].map((match) => match[1] ?? '') : []
  })
  expect(parts.length).toBeGreaterThan(3)
  expect(Object.keys(KNOWN_SCHEMAS).toSorted()).toEqual(parts.toSorted())
})
