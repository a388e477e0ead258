import { expect, test } from 'bun:test'
import { fakeKey, fakeSettings } from '../../test/support/http-app-fixture.ts'
import { checkBind } from './check-bind.ts'

const open = fakeSettings

test.each(['127.0.0.1', '127.8.8.8', 'localhost', '::1'])('%s needs no key', (host) => {
  expect(() => checkBind({ ...open, host })).not.toThrow()
})

test.each(['0.0.0.0', '::', '192.168.1.5', 'gateway.example.com', '128.0.0.1', '127.0.0.1.example.com'])(
  '%s needs a key, or a word that it is meant',
  (host) => {
    expect(() => checkBind({ ...open, host })).toThrow(/Refusing to listen on .* without a key.*allow_open_admin/s)
    expect(() => checkBind({ ...open, host, allowOpenAdmin: true })).not.toThrow()
    expect(() => checkBind({ ...open, host, apiKeys: [fakeKey('key')] })).not.toThrow()
  },
)
