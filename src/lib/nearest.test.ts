import { describe, expect, test } from 'bun:test'
import { editDistance, nearest } from './nearest.ts'

describe('edit distance', () => {
  test('counts inserted, dropped, replaced and swapped letters once each', () => {
    expect(editDistance('bind', 'bind')).toBe(0)
    expect(editDistance('bind', 'bnd')).toBe(1)
    expect(editDistance('bind', 'binds')).toBe(1)
    expect(editDistance('bind', 'bond')).toBe(1)
    expect(editDistance('bind', 'bidn')).toBe(1)
    expect(editDistance('', 'abc')).toBe(3)
  })

  test('has a bounded cost on very long texts', () => {
    expect(editDistance('a'.repeat(1_000_000), 'b'.repeat(1_000_000))).toBe(100)
  })
})

describe('nearest name', () => {
  const keys = ['base_url', 'api_key', 'api_key_env', 'accounts', 'headers']

  test('finds the key behind a slip of the finger', () => {
    expect(nearest('bas_url', keys)).toBe('base_url')
    expect(nearest('base_ulr', keys)).toBe('base_url')
    expect(nearest('acounts', keys)).toBe('accounts')
  })

  test('ignores case and separators', () => {
    expect(nearest('apiKey', keys)).toBe('api_key')
    expect(nearest('API-KEY-ENV', keys)).toBe('api_key_env')
  })

  test('finds a name that begins with the wanted one', () => {
    expect(nearest('header', keys)).toBe('headers')
    expect(nearest('base', keys)).toBe('base_url')
  })

  test('says nothing when nothing is close', () => {
    expect(nearest('zebra', keys)).toBeUndefined()
    expect(nearest('__', keys)).toBeUndefined()
  })
})
