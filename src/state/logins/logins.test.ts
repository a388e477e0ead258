import { afterAll, describe, expect, test } from 'bun:test'
import { mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { KeptLogin, LoginStore } from '../../ir/login.ts'
import { createFileLogins } from './file.ts'
import { createMemoryLogins } from './memory.ts'

const folders: string[] = []
afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true })
})

function newFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'logins-'))
  folders.push(folder)
  return join(folder, 'logins')
}

const login = (number: number): KeptLogin => ({
  origin: 'o',
  refreshToken: `r${number}`,
  accessToken: `a${number}`,
  expiresAt: number === 0 ? undefined : number,
})

/** The laws of every store; `again` is what another process would open. */
describe.each<[string, () => { store: LoginStore; again: LoginStore }]>([
  [
    'memory',
    () => {
      const store = createMemoryLogins()
      return { store, again: store }
    },
  ],
  [
    'files',
    () => {
      const options = { folder: newFolder(), warn: () => undefined }
      return { store: createFileLogins(options), again: createFileLogins(options) }
    },
  ],
])('logins in %s', (_name, open) => {
  test('are kept by name, and handed to the next task', async () => {
    const { store, again } = open()
    for (const number of [0, 1]) {
      expect(await store.update(`p~${number}`, async (kept) => (expect(kept).toBeUndefined(), login(number)))).toEqual(
        login(number),
      )
      expect(await again.update(`p~${number}`, async (kept) => kept!)).toEqual(login(number))
    }
  })

  test('are changed by one task at a time, each with what the one before has left', async () => {
    const { store, again } = open()
    let running = 0
    const add = async (kept: KeptLogin | undefined): Promise<KeptLogin> => {
      expect(++running).toBe(1)
      await new Promise((resolve) => setImmediate(resolve))
      running--
      return login((kept?.expiresAt ?? 0) + 1)
    }
    await Promise.all(Array.from({ length: 10 }, (_none, index) => (index % 2 === 0 ? store : again).update('p~a', add)))
    expect((await again.update('p~a', async (kept) => kept!)).expiresAt).toBe(10)
  })

  test('stay as they were when a task fails, and the next one runs', async () => {
    const { store } = open()
    await store.update('p~a', async () => login(1))
    const failure = new Error('refused')
    expect(await store.update('p~a', () => Promise.reject(failure)).catch((error: unknown) => error)).toBe(failure)
    expect(await store.update('p~a', async (kept) => kept!)).toEqual(login(1))
  })
})

describe('files of logins', () => {
  test('are for their owner alone, whatever the name holds', async () => {
    const folder = newFolder()
    const store = createFileLogins({ folder, warn: () => undefined })
    await store.update(`${'p'.repeat(128)}~../../etc`, async () => login(1))
    expect(statSync(folder).mode & 0o777).toBe(0o700)
    for (const name of readdirSync(folder).filter((file) => file.endsWith('.json'))) {
      expect(name).toMatch(/^[0-9a-f]{32}\.json$/)
      expect(statSync(join(folder, name)).mode & 0o777).toBe(0o600)
    }
  })

  test('that are damaged are as good as none', async () => {
    const folder = newFolder()
    const store = createFileLogins({ folder, warn: () => undefined })
    await store.update('p~a', async () => login(1))
    const [file = ''] = readdirSync(folder).filter((name) => name.endsWith('.json'))
    for (const text of ['', '{"origin":', '[]', '{"origin":1}', 'null']) {
      writeFileSync(join(folder, file), text)
      await store.update('p~a', async (kept) => (expect(kept).toBeUndefined(), login(1)))
    }
  })

  test('that cannot be written are told of, and the gateway goes on with what it has', async () => {
    const folder = newFolder()
    const warnings: string[] = []
    const store = createFileLogins({ folder, warn: (message) => void warnings.push(message) })
    await store.update('p~a', async () => login(1))
    const [file = ''] = readdirSync(folder).filter((name) => name.endsWith('.json'))
    // A folder stands where the file would.
    rmSync(join(folder, file))
    mkdirSync(join(folder, file, 'in-the-way'), { recursive: true })
    expect(await store.update('p~a', async () => login(2))).toEqual(login(2))
    expect(warnings).toHaveLength(1)
    expect(warnings[0]).toContain('The login of p/a could not be kept')
    expect(warnings[0]).not.toContain('r2')
    expect(await store.update('p~a', async (kept) => kept!)).toEqual(login(2))
  })
})
