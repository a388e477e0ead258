import { describe, expect, test } from 'bun:test'
import { createAddressMatcher } from '../runtime/address-ranges.ts'
import { clientAddress, forwardedHost } from './client-address.ts'

const isTrusted = createAddressMatcher(['10.0.0.0/8', '::1', 'fd00::/8', 'no address', '192.0.2.7'])
const addressOf = (peer: string | undefined, forwarded?: string): string | undefined =>
  clientAddress(new Headers(forwarded === undefined ? {} : { 'x-forwarded-for': forwarded }), { address: peer }, isTrusted)

describe('the address of a client', () => {
  test('is the peer when that is no trusted proxy, whatever it claims', () => {
    expect(addressOf('203.0.113.9')).toBe('203.0.113.9')
    expect(addressOf('203.0.113.9', '1.2.3.4')).toBe('203.0.113.9')
  })

  test('is the last hop that no trusted proxy wrote about itself', () => {
    expect(addressOf('10.0.0.1', '203.0.113.9')).toBe('203.0.113.9')
    expect(addressOf('10.0.0.1', '6.6.6.6, 203.0.113.9, 10.0.0.2')).toBe('203.0.113.9')
    expect(addressOf('::ffff:10.0.0.1', '203.0.113.9:4711')).toBe('203.0.113.9')
    expect(addressOf('::1', '[2001:db8::5]:443')).toBe('2001:db8::5')
    expect(addressOf('10.0.0.1', '10.0.0.3, 10.0.0.2')).toBe('10.0.0.3')
  })

  test('is the proxy when it says nothing', () => {
    expect(addressOf('10.0.0.1')).toBe('10.0.0.1')
    expect(addressOf('10.0.0.1', '')).toBe('10.0.0.1')
    expect(addressOf('192.0.2.7', ' , ')).toBe('192.0.2.7')
  })

  test('is unknown inside a process', () => {
    expect(clientAddress(new Headers(), undefined, isTrusted)).toBeUndefined()
    expect(clientAddress(new Headers(), { address: { address: '10.0.0.1' } as unknown as string }, isTrusted)).toBeUndefined()
  })
})

test('a forwarded host counts only from a trusted proxy', () => {
  const headers = new Headers({ 'x-forwarded-host': 'first.example, ai.example.com' })
  expect(forwardedHost(headers, { address: '10.0.0.1' }, isTrusted)).toBe('ai.example.com')
  expect(forwardedHost(headers, { address: '203.0.113.9' }, isTrusted)).toBeUndefined()
  expect(forwardedHost(new Headers(), { address: '10.0.0.1' }, isTrusted)).toBeUndefined()
})
