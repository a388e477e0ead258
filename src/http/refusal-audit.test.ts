import { describe, expect, test } from 'bun:test'
import { ManualClock } from '../../test/support/manual-clock.ts'
import { GatewayError } from '../errors/gateway-error.ts'
import { createMemoryAudit } from '../state/audit/memory.ts'
import type { AuditStore, KeptAuditEntry } from '../state/audit/store.ts'
import { RefusalAudit } from './refusal-audit.ts'

const UNKNOWN = new GatewayError('invalid_api_key', 'unknown')
const expired = (id: string): GatewayError => new GatewayError('api_key_expired', 'expired', { details: { key_id: id } })

function newAudit(store: Pick<AuditStore, 'append'> = createMemoryAudit()) {
  const clock = new ManualClock()
  const warnings: string[] = []
  const refusals = new RefusalAudit({ audit: store, clock, warn: (message) => warnings.push(message) })
  const entries = async (): Promise<readonly KeptAuditEntry[]> => (store as AuditStore).list({ limit: 1_000 })
  return { clock, refusals, entries, warnings }
}

describe('refused callers in the audit', () => {
  test('are there at once, with address, reason and the key they had', async () => {
    const { refusals, entries } = newAudit()
    refusals.note(expired('sbk_1'), '10.0.0.1')
    expect(await entries()).toMatchObject([
      {
        action: 'authentication',
        outcome: 'refused',
        actor: { kind: 'stranger' },
        source: { via: 'http', address: '10.0.0.1' },
        subject: { kind: 'key', id: 'sbk_1' },
        errorCode: 'api_key_expired',
        times: undefined,
      },
    ])
  })

  test('that come again and again are two entries a minute', async () => {
    const { refusals, entries, clock } = newAudit()
    for (let count = 0; count < 10_000; count++) refusals.note(UNKNOWN, '10.0.0.1')
    refusals.note(UNKNOWN, '10.0.0.2')
    expect(await entries()).toHaveLength(2)
    await clock.advance(60_000)
    expect((await entries()).map(({ times, source }) => [source.address, times])).toEqual([
      ['10.0.0.1', 9_999],
      ['10.0.0.2', undefined],
      ['10.0.0.1', undefined],
    ])
    refusals.note(UNKNOWN, '10.0.0.1')
    expect(await entries()).toHaveLength(4)
  })

  test('from everywhere at once are counted together, and none is lost', async () => {
    const { refusals, entries, clock } = newAudit()
    for (let index = 0; index < 5_000; index++) refusals.note(UNKNOWN, `10.1.${index >> 8}.${index & 255}`)
    await clock.advance(60_000)
    const all = await entries()
    expect(all.length).toBeLessThanOrEqual(101)
    expect(all.reduce((sum, { times = 1 }) => sum + times, 0)).toBe(5_000)
  })

  test('of one IPv6 network are one source', async () => {
    const { refusals, entries } = newAudit()
    for (let index = 0; index < 50; index++) refusals.note(UNKNOWN, `2001:db8:0:1::${index.toString(16)}`)
    refusals.note(UNKNOWN, '2001:db8:0:2::1')
    expect(await entries()).toHaveLength(2)
  })

  test('are written when the gateway stops', async () => {
    const { refusals, entries } = newAudit()
    for (let count = 0; count < 3; count++) refusals.note(UNKNOWN, '10.0.0.1')
    refusals.flush()
    expect((await entries()).map(({ times }) => times)).toEqual([2, undefined])
  })

  test('that cannot be written are told once, until they can again', async () => {
    let isDown = true
    const { refusals, warnings } = newAudit({
      append: () => (isDown ? Promise.reject(new Error('disk full')) : Promise.resolve()),
    })
    const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))
    for (const address of ['a', 'b', 'c']) refusals.note(UNKNOWN, address)
    await settle()
    expect(warnings).toHaveLength(1)
    isDown = false
    refusals.note(UNKNOWN, 'd')
    await settle()
    isDown = true
    refusals.note(UNKNOWN, 'e')
    await settle()
    expect(warnings).toHaveLength(2)
  })
})
