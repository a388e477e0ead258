import { expect, test } from 'bun:test'
import { createAddressMatcher } from './address-ranges.ts'

const matches = createAddressMatcher(['10.0.0.0/8', '192.0.2.7', 'fd00::/8', '::1', 'nonsense', '300.1.1.1'])

test.each(['10.0.0.1', '10.255.255.255', '192.0.2.7', 'fd12::5', '::1', '::ffff:10.1.2.3', '::FFFF:192.0.2.7'])(
  '%s is in a range',
  (address) => {
    expect(matches(address)).toBe(true)
  },
)

test.each(['11.0.0.1', '192.0.2.8', 'fe80::1', '::2', '::ffff:11.0.0.1', '', 'localhost', 'unknown', '10.0.0.1:80'])(
  '%j is in none',
  (address) => {
    expect(matches(address)).toBe(false)
  },
)

test('no ranges match nothing', () => {
  expect(createAddressMatcher([])('127.0.0.1')).toBe(false)
})
