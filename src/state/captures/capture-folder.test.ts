import { afterEach, describe, expect, test } from 'bun:test'
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Decrypter, generateIdentity, identityToRecipient } from 'age-encryption'
import { ManualClock } from '../../../test/support/manual-clock.ts'
import { GatewayError } from '../../errors/gateway-error.ts'
import { openCaptureFolder } from './capture-folder.ts'
import type { CaptureOrder, CaptureStore } from './store.ts'

const MINUTE = 60_000
const identity = await generateIdentity()
const recipient = await identityToRecipient(identity)
const folders: string[] = []
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true })
})

interface Setup {
  readonly captures: CaptureStore
  readonly clock: ManualClock
  readonly path: string
  readonly ended: string[]
  readonly start: (more?: Partial<Pick<CaptureOrder, 'key' | 'until'>>) => CaptureOrder
  readonly reopen: () => CaptureStore
}

function setup({ maxBytes = 1_000_000, path }: { maxBytes?: number; path?: string } = {}): Setup {
  const folder = path ?? mkdtempSync(join(tmpdir(), 'switchback-capture-'))
  folders.push(folder)
  const clock = new ManualClock()
  const ended: string[] = []
  const open = (): CaptureStore =>
    openCaptureFolder({
      path: join(folder, 'captures'),
      clock,
      retentionMs: 60 * MINUTE,
      maxBytes,
      ended: ({ key }, what) => void ended.push(`${key}: ${what}`),
      undeletable: ({ key }, error) => void ended.push(`${key}: ${error instanceof GatewayError ? error.code : 'unknown'}`),
    })
  const captures = open()
  return {
    captures,
    clock,
    path: join(folder, 'captures'),
    ended,
    start: (more) =>
      captures.start({ key: 'key_a', recipients: [recipient], by: 'admin', until: clock.wall() + 15 * MINUTE, ...more }),
    reopen: open,
  }
}

async function decrypted(path: string): Promise<string> {
  const decrypter = new Decrypter()
  decrypter.addIdentity(identity)
  return decrypter.decrypt(readFileSync(path), 'text')
}

/** How a folder is kept from being changed here: by its rights, or by its attributes for a user whom no rights stop. */
function lockCommand(): ((folder: string, isLocked: boolean) => void) | undefined {
  if (process.getuid?.() !== 0) return (folder, isLocked) => chmodSync(folder, isLocked ? 0o500 : 0o700)
  const lock = (folder: string, isLocked: boolean): boolean =>
    Bun.which('chattr') !== null && Bun.spawnSync({ cmd: ['chattr', isLocked ? '+i' : '-i', folder], stderr: 'ignore' }).success
  const probe = mkdtempSync(join(tmpdir(), 'switchback-lock-'))
  const works = lock(probe, true) && lock(probe, false)
  rmSync(probe, { recursive: true, force: true })
  return works ? (folder, isLocked) => void lock(folder, isLocked) : undefined
}

/** Writes a body of a call of the key; false when the call is not captured. */
function capture(captures: CaptureStore, key: string | undefined, id: string, ...pieces: string[]): boolean {
  const call = captures.begin(key, id)
  const body = call?.body('answer.json')
  for (const piece of pieces) body?.write(Buffer.from(piece))
  body?.end()
  return call !== undefined
}

describe('a capture', () => {
  test('makes no folder before it is ordered', () => {
    const { captures, path } = setup()
    expect([captures.isActive, captures.begin('key_a', 'req_1'), existsSync(path)]).toEqual([false, undefined, false])
  })

  test('writes bodies of its key, which only the secret key opens', async () => {
    const { captures, path, start } = setup()
    const { id } = start()
    expect(capture(captures, 'key_a', 'req_1', 'a secret ', 'answer')).toBe(true)
    expect(capture(captures, 'key_b', 'req_2', 'of somebody else')).toBe(false)
    await captures.flush()
    const file = join(path, id, 'req_1.answer.json.age')
    expect(readdirSync(join(path, id)).sort()).toEqual(['capture.json', 'req_1.answer.json.age'])
    expect(readFileSync(file, 'latin1')).not.toContain('secret')
    expect(await decrypted(file)).toBe('a secret answer')
    expect([statSync(file).mode & 0o777, statSync(join(path, id)).mode & 0o777]).toEqual([0o600, 0o700])
    expect(captures.list()).toMatchObject([{ id, calls: 1, bytes: 15, cut: 0 }])
  })

  test('can be of callers without a key', async () => {
    const { captures, start } = setup()
    start({ key: undefined })
    expect([capture(captures, undefined, 'req_1', 'x'), capture(captures, 'key_a', 'req_2', 'x')]).toEqual([true, false])
    await captures.flush()
  })

  test('keeps what was handed over, although its memory is used again', async () => {
    const { captures, path, start } = setup()
    const { id } = start()
    const bytes = Buffer.from('first')
    const body = captures.begin('key_a', 'req_1')?.body('answer.sse')
    body?.write(bytes)
    bytes.fill('x')
    body?.end()
    await captures.flush()
    expect(await decrypted(join(path, id, 'req_1.answer.sse.age'))).toBe('first')
  })

  test('ends by itself, at once for calls that come, and is told', async () => {
    const { captures, clock, ended, start } = setup()
    start({ until: clock.wall() + 1_000 })
    await clock.advance(1_000)
    expect(capture(captures, 'key_a', 'req_1', 'x')).toBe(false)
    expect([captures.isActive, ended]).toEqual([false, ['key_a: expired']])
  })

  test('that is stopped takes nothing more, of calls that still run either', async () => {
    const { captures, path, start } = setup()
    const { id } = start()
    const body = captures.begin('key_a', 'req_1')?.body('answer.sse')
    body?.write(Buffer.from('before'))
    expect([captures.stop(id), captures.stop(id)]).toEqual([true, false])
    body?.write(Buffer.from('after'))
    await captures.flush()
    expect(await decrypted(join(path, id, 'req_1.answer.sse.age'))).toBe('before')
    expect(captures.list()).toMatchObject([{ ended: { why: 'stopped' }, cut: 1 }])
  })

  test('ends when it is full', async () => {
    const { captures, ended, start } = setup({ maxBytes: 10 })
    start()
    capture(captures, 'key_a', 'req_1', '12345678')
    capture(captures, 'key_a', 'req_2', '12345678')
    expect(capture(captures, 'key_a', 'req_3', '1')).toBe(false)
    await captures.flush()
    expect(captures.list()).toMatchObject([{ ended: { why: 'full' }, bytes: 8, cut: 1 }])
    expect(ended).toEqual(['key_a: full'])
  })

  test('is deleted after its retention, and nothing is left to watch', async () => {
    const { captures, clock, path, ended, start } = setup()
    const { id } = start()
    capture(captures, 'key_a', 'req_1', 'x')
    await captures.flush()
    await clock.advance(15 * MINUTE)
    expect(existsSync(join(path, id))).toBe(true)
    await clock.advance(60 * MINUTE)
    expect([existsSync(join(path, id)), captures.list()]).toEqual([false, []])
    expect(ended).toEqual(['key_a: expired', 'key_a: deleted'])
    expect(clock.pending).toBe(0)
  })

  test('can be deleted at once', async () => {
    const { captures, path, start } = setup()
    const { id } = start()
    capture(captures, 'key_a', 'req_1', 'x')
    await captures.flush()
    expect([captures.remove(id), captures.remove(id)]).toEqual([true, false])
    expect([existsSync(join(path, id)), captures.isActive]).toEqual([false, false])
  })

  test('outlives the process until its time is over', async () => {
    const { captures, clock, start, reopen } = setup()
    const { id } = start()
    capture(captures, 'key_a', 'req_1', 'abc')
    await captures.close()
    const next = reopen()
    expect(next.list()).toMatchObject([{ id, calls: 1, bytes: 3 }])
    expect(capture(next, 'key_a', 'req_2', 'x')).toBe(true)
    await next.close()
    await clock.advance(120 * MINUTE)
    expect(reopen().list()).toEqual([])
  })

  test('whose order cannot be read is deleted with its bodies', () => {
    const { path, reopen } = setup()
    const folder = join(path, 'cap_0123456789ab')
    mkdirSync(folder, { recursive: true })
    writeFileSync(join(folder, 'capture.json'), '{"id":')
    writeFileSync(join(folder, 'req_1.answer.json.age'), 'x')
    expect([reopen().list(), existsSync(folder)]).toEqual([[], false])
  })

  test('of another name than its folder is deleted: its id would lead elsewhere', () => {
    const { path, start, reopen } = setup()
    const { id } = start()
    const other = join(path, 'cap_0123456789ab')
    cpSync(join(path, id), other, { recursive: true })
    expect([
      reopen()
        .list()
        .map((order) => order.id),
      existsSync(other),
    ]).toEqual([[id], false])
  })

  test('takes so many bodies at once, and counts the calls that were left out', async () => {
    const { captures, start } = setup()
    start()
    const open = Array.from({ length: 128 }, (_none, index) => captures.begin('key_a', `req_${index}`)?.body('request.json'))
    expect(captures.begin('key_a', 'req_more')).toBeUndefined()
    for (const body of open) body?.end()
    await captures.flush()
    expect(captures.list()).toMatchObject([{ calls: 128, cut: 1 }])
    expect(captures.begin('key_a', 'req_later')).toBeDefined()
  })

  const locking = lockCommand()
  test.skipIf(locking === undefined)('that cannot be deleted is told once, and deleted when it can be', async () => {
    const { captures, clock, ended, path, start } = setup()
    const { id } = start()
    capture(captures, 'key_a', 'req_1', 'abc')
    await captures.flush()
    const folder = join(path, id)
    locking?.(folder, true)
    try {
      expect(() => captures.remove(id)).toThrow('cannot be deleted')
      await clock.advance(120 * MINUTE)
      expect([captures.list().length, readdirSync(folder).length]).toEqual([1, 2])
      expect(ended).toEqual(['key_a: state_unavailable'])
    } finally {
      locking?.(folder, false)
    }
    await clock.advance(MINUTE)
    expect([captures.list(), existsSync(folder)]).toEqual([[], false])
    expect(ended).toEqual(['key_a: state_unavailable', 'key_a: deleted'])
  })

  test('of a full disk costs nobody an answer', async () => {
    const { captures, path, start } = setup()
    const { id } = start()
    rmSync(join(path, id), { recursive: true })
    expect(capture(captures, 'key_a', 'req_1', 'x')).toBe(true)
    await captures.flush()
    expect(captures.list()).toMatchObject([{ calls: 1, cut: 1 }])
  })

  test('does not pile up what the disk cannot take', async () => {
    const { captures, start } = setup({ maxBytes: 1e9 })
    start()
    const body = captures.begin('key_a', 'req_1')?.body('answer.sse')
    const piece = new Uint8Array(1024 * 1024)
    for (let index = 0; index < 64; index++) body?.write(piece)
    await captures.flush()
    expect(captures.list()[0]?.cut).toBe(1)
    expect(captures.list()[0]?.bytes).toBeLessThanOrEqual(8 * 1024 * 1024)
  })
})
