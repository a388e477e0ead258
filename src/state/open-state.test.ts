import { afterEach, expect, test } from 'bun:test'
import { mkdtempSync, rmSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ManualClock } from '../../test/support/manual-clock.ts'
import { unpackRecord } from '../engine/record/unpack-record.ts'
import { KNOWN_SCHEMAS } from './known-schemas.ts'
import { openState, type GatewayState } from './open-state.ts'

const folders: string[] = []
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true })
})
const newPath = (): string => {
  const folder = mkdtempSync(join(tmpdir(), 'switchback-state-'))
  folders.push(folder)
  return join(folder, 'switchback.db')
}

const open = (store: string, clock: ManualClock): GatewayState =>
  openState({
    store,
    priceFile: undefined,
    clock,
    retentionMs: 1,
    auditRetentionMs: 1,
    ledger: { enabled: true, required: false, keepEntriesMs: 1, keepRollupsMs: 1 },
    preparePrices: async () => undefined,
    health: undefined as never,
    scorecards: { flushMs: 1_000, staleMs: 10_000 } as never,
    idempotency: { leaseMs: 1, ttlMs: 1, maxKeys: 1 },
    unpack: unpackRecord,
    warn: () => undefined,
    card: { id: 'one', host: 'h', pid: 1, started: '', version: '', configHash: '' },
  })

test.each(Object.keys(KNOWN_SCHEMAS))('nothing stays open when %s are of a newer release', async (domain) => {
  const path = newPath()
  const clock = new ManualClock()
  await open(path, clock).close()
  expect(clock.pending).toBe(0)
  const database = new DatabaseSync(path)
  database.prepare('INSERT INTO schema_version VALUES (?, 99, 0)').run(domain)
  database.close()
  expect(() => open(path, clock)).toThrow(/newer Switchback/)
  await clock.advance(0)
  expect(clock.pending).toBe(0)
})
