import { describe, expect, test } from 'bun:test'
import { ManualClock } from '../../test/support/manual-clock.ts'
import { AddressGuard } from './address-guard.ts'

/** A guard, and the names it has resolved. */
function setup(addresses: readonly string[] = []) {
  const resolved: string[] = []
  const clock = new ManualClock()
  const guard = new AddressGuard({
    clock,
    resolve: async (host) => {
      resolved.push(host)
      return addresses
    },
  })
  const find = (url: string): Promise<readonly string[]> => guard.addressesOf(new URL(url))
  return { find, resolved, clock, guard }
}

const REFUSED = { code: 'address_not_allowed', details: { reason: 'private_address', sent: false } }
const failureOf = (answer: Promise<unknown>): Promise<unknown> =>
  answer.then(
    () => undefined,
    (error: unknown) => error,
  )

describe('the guard of addresses', () => {
  test.each([
    'http://127.0.0.1:9000/',
    'http://[::1]/',
    'http://[::]/',
    'http://localhost/',
    'http://localhost.:8080/',
    'http://metadata.localhost./',
    'http://169.254.169.254/latest/meta-data',
    'http://[fd00:ec2::254]/latest/meta-data',
    'http://100.100.100.200/latest/meta-data',
    'http://168.63.129.16/machine',
    'http://metadata.google.internal/computeMetadata/v1/',
    'http://METADATA/',
    'http://10.1.2.3/',
    'http://100.64.0.1/',
    'http://172.31.255.255/',
    'http://192.168.1.1/',
    'http://0.0.0.0/',
    'http://224.0.0.1/',
    'http://255.255.255.255/',
    'http://[fd00::1]/',
    'http://[fe80::1]/',
    'http://[::ffff:127.0.0.1]/',
    'http://[::ffff:a00:1]/',
    'http://[::127.0.0.1]/',
    'http://[64:ff9b::10.0.0.1]/',
    'http://[64:ff9b:1::a00:1]/',
    'http://[2002:a00:1::]/',
    'http://[2001:0:a00:1::]/',
    // Other spellings of 127.0.0.1, which URLs know.
    'http://2130706433/',
    'http://0x7f.1/',
    'http://0177.0.0.1/',
    'http://127.1/',
  ])('does not let %s pass', async (url) => {
    const { find, resolved } = setup(['8.8.8.8'])
    expect(await failureOf(find(url))).toMatchObject(REFUSED)
    expect(resolved).toEqual([])
  })

  test.each(['8.8.8.8', '172.32.0.1', '100.128.0.1', '169.253.1.1'])(
    'lets %s pass without resolving anything',
    async (address) => {
      const { find, resolved } = setup()
      expect(await find(`https://${address}/`)).toEqual([address])
      expect(resolved).toEqual([])
    },
  )

  test('gives public IPv6 addresses without their brackets', async () => {
    expect(await setup().find('https://[2606:4700::1111]/a')).toEqual(['2606:4700::1111'])
    expect(await setup().find('https://[::ffff:8.8.8.8]/a')).toEqual(['::ffff:808:808'])
  })

  test('refuses a name of which one address is private, and one without addresses', async () => {
    expect(await failureOf(setup(['8.8.8.8', '10.0.0.1']).find('https://rebinding.example/'))).toMatchObject(REFUSED)
    expect(await failureOf(setup(['::ffff:10.0.0.1']).find('https://mapped.example/'))).toMatchObject(REFUSED)
    expect(await failureOf(setup([]).find('https://empty.example/'))).toMatchObject(REFUSED)
  })

  test('resolves a name again after half a minute, and at once after a failure', async () => {
    const { find, resolved, clock } = setup(['8.8.8.8'])
    await Promise.all([find('https://a.example/'), find('https://a.example/x')])
    expect(resolved).toEqual(['a.example'])
    await clock.advance(30_000)
    await find('https://a.example/')
    expect(resolved).toHaveLength(2)

    let asked = 0
    const failing = new AddressGuard({
      clock,
      resolve: () => Promise.reject(Object.assign(new Error('no'), { code: 'ENOTFOUND', asked: asked++ })),
    })
    for (const _ of [1, 2]) await failureOf(failing.addressesOf(new URL('https://b.example')))
    expect(asked).toBe(2)
  })

  test('tells neither path nor query of what it refuses', async () => {
    const error = (await failureOf(setup().find('http://10.0.0.1/SECRET?key=SECRET'))) as Error
    expect(JSON.stringify([error.message, error])).not.toContain('SECRET')
  })
})
