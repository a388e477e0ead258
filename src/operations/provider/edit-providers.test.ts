import { afterAll, describe, expect, test } from 'bun:test'
import { mkdtempSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { makeChange, planAddition, planRemoval } from './edit-providers.ts'

const cwd = mkdtempSync(join(tmpdir(), 'edit-providers-'))
afterAll(() => rmSync(cwd, { recursive: true, force: true }))

const BEFORE = '# mine\nproviders:\n  - { id: one, type: mock } # the first\n'
const entry = { id: 'two', type: 'mock' }
let files = 0
function newFile(text = BEFORE, mode = 0o640): string {
  const path = join(cwd, `${(files += 1)}.yaml`)
  writeFileSync(path, text, { mode })
  return path
}
const optionsOf = (config: string) => ({ surroundings: { env: {}, cwd, home: cwd }, config })

describe('a change of providers', () => {
  test('keeps comments and rights, and a link stays one', async () => {
    const path = newFile()
    const link = join(cwd, 'link.yaml')
    symlinkSync(path, link)
    makeChange(await planAddition(optionsOf(link), { entry }))
    expect(readFileSync(path, 'utf8')).toContain('# the first')
    expect(readFileSync(path, 'utf8')).toMatch(/id: two/)
    expect(statSync(path).mode & 0o777).toBe(0o640)
    makeChange(await planRemoval(optionsOf(link), 'two'))
    expect(readFileSync(path, 'utf8')).toBe(BEFORE)
  })

  test('is not made when somebody else has changed the file since it was shown', async () => {
    const path = newFile()
    const change = await planAddition(optionsOf(path), { entry })
    writeFileSync(path, `${BEFORE}# theirs\n`)
    expect(() => makeChange(change)).toThrow('was changed by somebody else meanwhile')
    expect(readFileSync(path, 'utf8')).toBe(`${BEFORE}# theirs\n`)
  })

  test('that the gateway would not take is not made', async () => {
    const path = newFile()
    expect(planAddition(optionsOf(path), { entry: { id: 'two', type: 'nothing' } })).rejects.toThrow('would not be taken')
    expect(planAddition(optionsOf(path), { entry: { id: 'one', type: 'mock' } })).rejects.toThrow('has a provider one already')
    expect(planRemoval(optionsOf(path), 'onr')).rejects.toThrow('Did you mean one?')
    expect(readFileSync(path, 'utf8')).toBe(BEFORE)
  })
})
