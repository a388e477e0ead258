import { afterEach, describe, expect, test } from 'bun:test'
import type { AuditEntry, AuditFilter, AuditStore } from './store.ts'

const START = 1_700_000_000_000

const entry = (at: number, part: Partial<AuditEntry> = {}): AuditEntry => ({
  at: START + at,
  action: 'key.create',
  outcome: 'done',
  actor: { kind: 'key', id: 'boss', role: 'admin' },
  source: { via: 'http', address: '10.0.0.1', requestId: 'req_1' },
  ...part,
})

/** The laws every audit keeps. `open` gives an empty one. */
export function auditStoreConformance(name: string, open: () => AuditStore | Promise<AuditStore>): void {
  describe(`the audit in ${name}`, () => {
    const opened: AuditStore[] = []
    const holding = async (...entries: AuditEntry[]): Promise<AuditStore> => {
      const store = await open()
      opened.push(store)
      for (const each of entries) await store.append(each)
      return store
    }
    afterEach(async () => {
      for (const store of opened.splice(0)) await store.close()
    })

    test('gives back what was put in, newest first, each with a number that grows', async () => {
      const whole = entry(2, {
        outcome: 'refused',
        subject: { kind: 'key', id: 'sbk_1', tenant: 'acme' },
        errorCode: 'forbidden',
        details: { allowed: { models: ['m'] }, reason: 'why' },
        times: 7,
      })
      const store = await holding(entry(1), whole)
      const [second, first] = await store.list()
      expect(second).toEqual({ ...whole, sequence: second?.sequence ?? 0 })
      expect(first).toEqual({ ...entry(1), sequence: first?.sequence ?? 0 })
      expect(second?.sequence).toBeGreaterThan(first?.sequence ?? 0)
    })

    test('comes in pages', async () => {
      const store = await holding(...Array.from({ length: 25 }, (_unused, index) => entry(index)))
      const seen: number[] = []
      for (let before: number | undefined; ;) {
        const page = await store.list({ limit: 10, before })
        seen.push(...page.map(({ at }) => at - START))
        before = page.at(-1)?.sequence
        if (page.length < 10) break
      }
      expect(seen).toEqual(Array.from({ length: 25 }, (_unused, index) => 24 - index))
      expect(await store.list({ limit: 0 })).toHaveLength(1)
    })

    test.each<[AuditFilter, number[]]>([
      [{ sinceMs: START + 3 }, [4, 3]],
      [{ action: 'key.create' }, [1]],
      [{ action: 'key.' }, [2, 1]],
      [{ action: 'key' }, []],
      [{ actor: 'bob' }, [4]],
      [{ subject: 'sbk_1' }, [2]],
      [{ tenant: 'acme' }, [4, 2]],
      [{ tenant: 'acme', action: 'key.' }, [2]],
    ])('finds by %j', async (filter, found) => {
      const store = await holding(
        entry(1),
        entry(2, { action: 'key.revoke', subject: { kind: 'key', id: 'sbk_1', tenant: 'acme' } }),
        entry(3, { action: 'keyring.open' }),
        entry(4, { action: 'provider.disable', actor: { kind: 'key', id: 'bob', tenant: 'acme' } }),
      )
      expect((await store.list(filter)).map(({ at }) => at - START)).toEqual(found)
    })

    test('forgets what is old, and nothing else', async () => {
      const store = await holding(...Array.from({ length: 30 }, (_unused, index) => entry(index)))
      expect(await store.prune(START + 20)).toBe(20)
      expect((await store.list()).map(({ at }) => at - START)).toEqual(Array.from({ length: 10 }, (_unused, index) => 29 - index))
      expect(await store.prune(START)).toBe(0)
    })
  })
}
