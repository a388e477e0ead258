import { describe, expect, test } from 'bun:test'
import { generateIdentity, identityToRecipient } from 'age-encryption'
import type { GatewayError } from '../errors/gateway-error.ts'
import type { CaptureSettings } from '../state/captures/captures.schema.ts'
import type { CaptureOrder, CaptureStore } from '../state/captures/store.ts'
import { newIssuedKey, newKeyId } from '../lib/issued-key.ts'
import { readCaptureWish, requireKeyOf, startCapture, stopCapture, type CaptureParts } from './captures.ts'

const secret = await generateIdentity()
const recipient = await identityToRecipient(secret)
const other = await identityToRecipient(await generateIdentity())
const HOUR = 3_600_000

function setup(settings: Partial<CaptureSettings> = {}, workers = 1): CaptureParts & { readonly told: string[] } {
  const orders: CaptureOrder[] = []
  const told: string[] = []
  const captures = {
    start(order: Pick<CaptureOrder, 'key' | 'recipients' | 'by' | 'until'>) {
      const started = { id: `cap_${orders.length}`, ...order, startedAt: 0, calls: 0, bytes: 0, cut: 0 }
      orders.push(started)
      return started
    },
    list: () => orders,
    stop: (id: string) => orders.some((order) => order.id === id),
    remove: (id: string) =>
      orders.splice(
        orders.findIndex((order) => order.id === id),
        1,
      ).length > 0,
  } as unknown as CaptureStore
  return {
    captures,
    told,
    folder: '/data/captures',
    hasKey: (id) => Promise.resolve(id === 'key_a'),
    workers,
    now: () => 1_000,
    settings: { enabled: true, recipients: [], longestMs: 24 * HOUR, retentionMs: HOUR, maxBytes: 1, ...settings },
    tell: ({ action, by, capture }) => void told.push(`${action} ${capture.id} by ${by}`),
  }
}

const wish = (more: object = {}): ReturnType<typeof readCaptureWish> =>
  readCaptureWish({ key: 'key_a', for: '15m', recipient, ...more })
const refusal = async (answer: Promise<unknown>): Promise<string> => {
  const error = await answer.then(
    () => undefined,
    (thrown: GatewayError) => thrown,
  )
  return error === undefined ? 'accepted' : `${error.code} ${error.param ?? ''}: ${error.message}`
}

describe('whose calls are captured', () => {
  test('is a key there is, or callers without one', async () => {
    expect(await refusal(requireKeyOf(setup(), wish()))).toBe('accepted')
    expect(await refusal(requireKeyOf(setup(), wish({ key: 'none' })))).toBe('accepted')
    expect(await refusal(requireKeyOf(setup(), wish({ key: 'key_b' })))).toStartWith('subject_not_found key: There is no key')
  })

  test('of a whole key nothing but the id is taken, and what is no id is not repeated', async () => {
    const random = (count: number): Uint8Array => new Uint8Array(count).fill(7)
    const id = newKeyId(random)
    expect(wish({ key: newIssuedKey('key', id, random) }).key).toBe(id)
    expect(await refusal(requireKeyOf(setup(), wish({ key: 'the-secret-itself' })))).not.toContain('the-secret-itself')
  })
})

describe('starting a capture', () => {
  test('is refused where the calls of a key go to several processes', async () => {
    expect(await refusal(startCapture(setup({}, 4), wish(), 'key_admin'))).toStartWith(
      'forbidden : This gateway runs as 4 processes (server.workers)',
    )
  })

  test('says whose bodies, for how long, for whom, and who wanted it', async () => {
    const parts = setup()
    expect(await startCapture(parts, wish(), 'key_admin')).toMatchObject({
      key: 'key_a',
      until: 1_000 + 15 * 60_000,
      recipients: [recipient],
      by: 'key_admin',
    })
    expect(parts.told).toEqual(['capture.start cap_0 by key_admin'])
  })

  test.each([
    [{ key: '' }, 'invalid_body key'],
    [{ for: undefined }, 'invalid_body for'],
    [{ for: '15' }, 'invalid_body for'],
    [{ for: 'forever' }, 'invalid_body for'],
    [{ recipient: [1] }, 'invalid_body recipient'],
    [{ until: 1 }, 'invalid_body until'],
  ])('refuses %p', async (more, expected) => {
    expect(await refusal(Promise.resolve().then(() => wish(more)))).toStartWith(expected)
  })

  test('takes one of two orders for the calls of one key that come at once', async () => {
    const parts = setup()
    const answers = await Promise.all([wish(), wish()].map((one) => refusal(startCapture(parts, one, 'x'))))
    expect(answers).toEqual(['accepted', expect.stringContaining('being captured already')])
    expect(parts.told).toHaveLength(1)
  })

  test('refuses what is no public key, and never repeats a secret one', async () => {
    for (const given of ['age1nonsense', 'ssh-ed25519 AAAA', recipient.slice(0, -1)])
      expect(await refusal(startCapture(setup(), wish({ recipient: given }), 'x'))).toStartWith('invalid_body recipient')
    const told = await refusal(startCapture(setup(), wish({ recipient: secret }), 'x'))
    expect(told).toContain('This is a secret key')
    expect(told).not.toContain(secret.slice(16))
  })

  test('refuses to go without a key, beyond the longest time, twice, and where it is switched off', async () => {
    expect(await refusal(startCapture(setup(), wish({ recipient: undefined }), 'x'))).toContain('age-keygen')
    expect(await refusal(startCapture(setup({ longestMs: 60_000 }), wish(), 'x'))).toContain('1m at most')
    expect(await refusal(startCapture(setup({ enabled: false }), wish(), 'x'))).toStartWith('forbidden')
    const parts = setup()
    await startCapture(parts, wish(), 'x')
    expect(await refusal(startCapture(parts, wish(), 'x'))).toContain('cap_0')
    expect(await refusal(startCapture(parts, wish({ key: 'none' }), 'x'))).toBe('accepted')
  })

  test("is confined to the configuration's public keys, which need not be named", async () => {
    const only = { recipients: [recipient] }
    expect((await startCapture(setup(only), wish({ recipient: undefined }), 'x')).recipients).toEqual([recipient])
    expect(await refusal(startCapture(setup(only), wish({ recipient: other }), 'x'))).toStartWith('forbidden')
  })
})

test('stopping is told, of a running capture only', async () => {
  const parts = setup()
  await startCapture(parts, wish(), 'x')
  expect(stopCapture(parts, 'cap_0', { by: 'y', isDeleted: true })).toMatchObject({ was_running: true })
  expect(parts.captures.list()).toEqual([])
  expect(await refusal(Promise.resolve().then(() => stopCapture(parts, 'cap_0', { by: 'y', isDeleted: false })))).toStartWith(
    'subject_not_found',
  )
  expect(parts.told).toEqual(['capture.start cap_0 by x', 'capture.stop cap_0 by y'])
})
