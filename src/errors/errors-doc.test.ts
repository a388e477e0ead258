import { describe, expect, test } from 'bun:test'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { ERROR_TABLE, type ErrorRow } from './codes.ts'

const page = readFileSync(join(import.meta.dir, '../../docs/errors.md'), 'utf8')
const sections = new Map(
  page
    .split(/^### /m)
    .slice(1)
    .map((section) => [/^`(\w+)`/.exec(section)?.[1] ?? section, section] as const),
)

describe('docs/errors.md', () => {
  test('has a heading for each error code and for no other', () => {
    expect([...sections.keys()].sort()).toEqual(Object.keys(ERROR_TABLE).sort())
  })

  test('gives status, category and next step of the table', () => {
    for (const [code, row] of Object.entries<ErrorRow>(ERROR_TABLE)) {
      expect(sections.get(code)).toContain(`Status ${row.httpStatus} · category \`${row.category}\` · then \`${row.next}\``)
    }
  })

  test('says for each code what to do', () => {
    for (const section of sections.values()) expect(section).toContain('**What to do.**')
  })
})
