import { afterAll, expect, test } from 'bun:test'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { generateIdentity, identityToRecipient } from 'age-encryption'
import { ManualClock } from '../../test/support/manual-clock.ts'
import { openCaptureFolder } from '../state/captures/capture-folder.ts'
import { readCaptureWish, startCapture, type CaptureParts } from './captures.ts'

const folder = mkdtempSync(join(tmpdir(), 'captures-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

test('of two orders for the calls of one key that come at once one is taken', async () => {
  const clock = new ManualClock()
  const keeping = { retentionMs: 60_000, maxBytes: 1_000 }
  const captures = openCaptureFolder({ ...keeping, path: folder, clock, ended: () => undefined, undeletable: () => undefined })
  const settings = { ...keeping, enabled: true, longestMs: 3_600_000, recipients: [] }
  const parts: CaptureParts = { captures, folder, settings, now: () => clock.wall(), tell: () => undefined }
  const wish = readCaptureWish({ key: 'key_a', for: '15m', recipient: await identityToRecipient(await generateIdentity()) })
  const started = await Promise.allSettled([startCapture(parts, wish, 'admin'), startCapture(parts, wish, 'admin')])
  expect(started.map(({ status }) => status)).toEqual(['fulfilled', 'rejected'])
  expect(captures.list()).toHaveLength(1)
  await captures.close()
})
