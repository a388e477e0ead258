import { describe, expect, test } from 'bun:test'
import { compiledConfig } from '../../test/support/gateway-fixture.ts'
import { asAccountId, asProviderId } from '../ir/ids.ts'
import { Secret } from '../lib/secret.ts'
import { RotatedKeys } from './rotated-keys.ts'

const P = { provider: asProviderId('p'), account: asAccountId('main') }

const withKey = (key: string) =>
  compiledConfig({
    providers: [
      { id: 'p', type: 'openai_compatible', base_url: 'https://p.example/v1', accounts: [{ id: 'main', api_key: key }] },
    ],
  })

/** Keys that configurations with these keys are served with, one rotation after the other. */
function afterRotations(...steps: readonly (readonly [configured: string, next: string])[]): (configured: string) => string {
  const keys = new RotatedKeys()
  for (const [configured, next] of steps) keys.put(keys.inPlaceOf(withKey(configured), { ...P, key: new Secret(next) }))
  return (configured) =>
    keys
      .appliedTo(withKey(configured))
      .providers.find(({ id }) => id === 'p')
      ?.accounts[0]?.apiKey?.reveal() ?? 'none'
}

describe('a rotated key', () => {
  test('stands in for the key of the configuration, and for no other', () => {
    const used = afterRotations(['old', 'new'])
    expect(['old', 'new', 'third'].map(used)).toEqual(['new', 'new', 'third'])
  })

  test('goes on standing in after another rotation, wherever the configuration stands meanwhile', () => {
    const used = afterRotations(['old', 'new'], ['new', 'newer'])
    expect(['old', 'new', 'newer'].map(used)).toEqual(['newer', 'newer', 'newer'])
  })

  test('can be the key of the configuration again', () => {
    const used = afterRotations(['old', 'new'], ['old', 'old'])
    expect(used('old')).toBe('old')
  })

  test('holds no key but itself', () => {
    const rotated = new RotatedKeys().inPlaceOf(withKey('zq7-old'), { ...P, key: new Secret('zq7-new') })
    expect(JSON.stringify(rotated)).not.toContain('zq7')
  })

  test('remembers a bounded number of those before it, the newest', () => {
    const keys = new RotatedKeys()
    for (let index = 0; index < 300; index++)
      keys.put(keys.inPlaceOf(withKey(`key-${index}`), { ...P, key: new Secret(`key-${index + 1}`) }))
    const last = keys.inPlaceOf(withKey('key-300'), { ...P, key: new Secret('last') })
    expect(last.replaces).toHaveLength(100)
    keys.put(last)
    expect(keys.appliedTo(withKey('key-300')).providers[0]?.accounts[0]?.apiKey?.reveal()).toBe('last')
  })
})
