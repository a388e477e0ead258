import { afterAll, describe, expect, test } from 'bun:test'
import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ManualClock } from '../../../test/support/manual-clock.ts'
import { systemClock } from '../../lib/clock.ts'
import { certificationStoreConformance, certified } from './conformance.ts'
import { createFileCertifications } from './file.ts'

const folder = mkdtempSync(join(tmpdir(), 'switchback-certifications-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))
let files = 0
const newPath = (): string => join(folder, `${(files += 1)}.json`)

certificationStoreConformance('a file', () => {
  const path = newPath()
  const clock = new ManualClock()
  return { open: () => createFileCertifications({ path, clock }), look: () => clock.advance(3_000) }
})

describe('a file of certifications', () => {
  test('is followed until it is closed', async () => {
    const clock = new ManualClock()
    const path = newPath()
    const store = createFileCertifications({ path, clock })
    let told = 0
    store.watch(() => void told++)
    await clock.advance(3_000)
    expect(told).toBe(1) // the first look counts as a change
    writeFileSync(path, '{"targets":{}}')
    await clock.advance(3_000)
    expect(told).toBe(2)
    await store.close()
    writeFileSync(path, '{"targets": {}}')
    await clock.advance(6_000)
    expect([told, clock.pending]).toEqual([2, 0])
  })

  test.each(['', '[]', '{"targets":[1]}', '{"targets":{"p/m":{"schema":"other"}}}', 'no json'])(
    'that is none is told, and not written over: %j',
    async (text) => {
      const path = newPath()
      writeFileSync(path, text)
      const store = createFileCertifications({ path, clock: systemClock })
      const failures = await Promise.all(
        [store.list(), store.keep(certified('p/m'))].map((work) => work.catch((error: unknown) => error)),
      )
      for (const failure of failures) expect(failure).toMatchObject({ code: 'state_unavailable' })
      expect(statSync(path).size).toBe(text.length)
    },
  )
})
