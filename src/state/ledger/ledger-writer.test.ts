import { afterEach, describe, expect, test } from 'bun:test'
import { appendFileSync, existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ManualClock } from '../../../test/support/manual-clock.ts'
import type { LedgerEntry } from '../../ir/settlement.ts'
import { exampleSettlement } from './conformance.ts'
import { LedgerWriter, type LedgerWriterOptions } from './ledger-writer.ts'
import { createMemoryLedger } from './memory.ts'
import { openSpool, type Spool } from './spool.ts'

const folders: string[] = []
const newPath = (): string => {
  const folder = mkdtempSync(join(tmpdir(), 'switchback-spool-'))
  folders.push(folder)
  return join(folder, 'spool.jsonl')
}
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true })
})

/** A store that can be taken down, and a file that can be full. */
function world(more: Partial<LedgerWriterOptions> & { path?: string; isFull?: boolean } = {}) {
  const clock = new ManualClock()
  const store = createMemoryLedger()
  const warnings: string[] = []
  const state = { isDown: false, isFull: more.isFull ?? false, path: more.path ?? newPath() }
  const file = openSpool({ path: state.path })
  const spool: Spool = {
    get count() {
      return file.count
    },
    get bytes() {
      return file.bytes
    },
    get isEmpty() {
      return file.isEmpty
    },
    append: (entries) => (state.isFull ? Promise.reject(new Error('no space left')) : file.append(entries)),
    batches: (size) => file.batches(size),
    clear: () => file.clear(),
  }
  const writer = new LedgerWriter({
    store: { write: (entries) => (state.isDown ? Promise.reject(new Error('it is down')) : store.write(entries)) },
    spool,
    clock,
    warn: (message) => void warnings.push(message),
    required: false,
    isDurable: true,
    ...more,
  })
  const append = (...ids: string[]): void => ids.forEach((id) => writer.append({ entry: exampleSettlement(id) }))
  const ids = async (): Promise<string[]> => (await store.entries({ limit: 1000 })).entries.map(({ id }) => id).toReversed()
  return { clock, store, writer, warnings, state, append, ids }
}

describe('a ledger that can be written', () => {
  test('has entries within a quarter of a second, in batches', async () => {
    const { clock, append, ids, writer } = world()
    append('req_a.0', 'req_b.0')
    expect(await ids()).toEqual([])
    await clock.advance(250)
    expect(await ids()).toEqual(['req_a.0', 'req_b.0'])
    expect(writer.durability()).toMatchObject({ status: 'durable', persisted_writes: 2, waiting: 0, last_id: 'req_b.0' })
    await clock.advance(1_000)
    expect(clock.pending).toBe(0)
  })

  test('counts what it was given twice', async () => {
    const { append, writer } = world()
    append('req_a.0', 'req_a.0')
    await writer.flush()
    expect(writer.durability()).toMatchObject({ persisted_writes: 1, duplicate_ignored_writes: 1 })
  })

  test('makes entries only after prices were loaded', async () => {
    const order: string[] = []
    const { writer } = world({ prepare: async () => void order.push('prices') })
    writer.append({
      get entry(): LedgerEntry {
        order.push('entry')
        return exampleSettlement('req_a.0')
      },
    })
    await writer.flush()
    expect(order).toEqual(['prices', 'entry'])
  })

  test('in memory alone says so', async () => {
    const { append, writer } = world({ isDurable: false, spool: undefined })
    append('req_a.0')
    await writer.flush()
    expect(writer.durability()).toMatchObject({ status: 'memory_only', memory_writes: 1, persisted_writes: 0 })
  })
})

describe('a store that is down', () => {
  test('loses nothing: entries go to the local file and from there to the store', async () => {
    const { clock, state, append, ids, writer, warnings } = world()
    state.isDown = true
    append('req_a.0')
    await writer.flush()
    append('req_b.0')
    await writer.flush()
    expect(await ids()).toEqual([])
    expect(writer.durability()).toMatchObject({ status: 'degraded', failed_writes: 2, spooled: 2, last_error: 'it is down' })
    state.isDown = false
    append('req_c.0')
    await clock.advance(500)
    expect(await ids()).toEqual([])
    await clock.advance(2_000)
    // Reading the file takes the system's own time.
    await writer.flush()
    expect((await ids()).toSorted()).toEqual(['req_a.0', 'req_b.0', 'req_c.0'])
    expect(writer.durability()).toMatchObject({ status: 'durable', recovered_writes: 3, spooled: 0, spool_bytes: 0 })
    expect(existsSync(state.path)).toBe(false)
    expect(warnings).toHaveLength(3)
  })

  test('is asked again only after a pause', async () => {
    let asked = 0
    const { clock, append, writer } = world({ store: { write: () => Promise.reject(new Error(`down ${++asked}`)) } })
    for (let index = 0; index < 8; index++) {
      append(`req_${index}.0`)
      await clock.advance(200)
    }
    await writer.flush()
    expect(asked).toBe(1)
  })

  test('is caught up with after a restart, half a line of a crash left out', async () => {
    const before = world()
    before.state.isDown = true
    before.append('req_a.0', 'req_b.0')
    await before.writer.flush()
    appendFileSync(before.state.path, '{"kind":"settlement","id":"req_c')
    const after = world({ path: before.state.path })
    expect(after.writer.durability().status).toBe('degraded')
    after.state.isDown = true
    after.append('req_d.0')
    await after.writer.flush()
    after.state.isDown = false
    await after.clock.advance(2_500)
    await after.writer.flush()
    expect(await after.ids()).toEqual(['req_a.0', 'req_b.0', 'req_d.0'])
  })

  test('when the disk is full too, keeps a bounded number, warns, and says what is gone', async () => {
    const { clock, state, append, ids, writer, warnings } = world({ isFull: true, maxQueued: 2 })
    state.isDown = true
    append('req_a.0', 'req_b.0', 'req_c.0')
    await writer.flush()
    expect(writer.isKeeping).toBe(false)
    expect(writer.durability()).toMatchObject({ status: 'degraded', dropped_writes: 1, waiting: 2 })
    expect(warnings.join()).toContain('memory is full')
    state.isDown = false
    await clock.advance(2_500)
    await writer.flush()
    expect(await ids()).toEqual(['req_a.0', 'req_b.0'])
    expect(writer.isKeeping).toBe(true)
    expect(writer.durability()).toMatchObject({ status: 'degraded', dropped_writes: 1, persisted_writes: 2 })
  })

  test('is given what is left when the process ends', async () => {
    const { state, append, ids, writer } = world()
    state.isDown = true
    append('req_a.0')
    await writer.flush()
    state.isDown = false
    append('req_b.0')
    await writer.close()
    expect((await ids()).toSorted()).toEqual(['req_a.0', 'req_b.0'])
  })
})

describe('when it is required', () => {
  test('durable resolves once the entry is written, without waiting for a tick', async () => {
    const { append, ids, writer } = world({ required: true })
    append('req_a.0')
    await writer.durable()
    expect(await ids()).toEqual(['req_a.0'])
    await writer.durable()
  })

  test('the local file is good enough', async () => {
    const { state, append, writer } = world({ required: true })
    state.isDown = true
    append('req_a.0')
    await writer.durable()
    expect(writer.durability().spooled).toBe(1)
  })

  test('durable rejects when neither takes it', async () => {
    const { state, append, writer } = world({ required: true, isFull: true })
    state.isDown = true
    append('req_a.0')
    expect(writer.durable()).rejects.toMatchObject({ code: 'usage_persistence_failed' })
    await writer.flush()
    writer.postCommitFailed()
    expect(writer.durability().status).toBe('post_commit_failed')
  })
})
