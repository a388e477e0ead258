import { expect, test } from 'bun:test'
import { anyWay, type EgressPath } from '../transport/egress.settings.schema.ts'
import { wayOutOf } from './way-out.ts'

const UPSTREAM = new URL('https://api.example/v1')
const proxy = { protocol: 'http', host: 'proxy.example', port: 3128, user: undefined, password: undefined } as const
const way = (change: Partial<EgressPath>): EgressPath => ({ ...anyWay(false), id: 'frankfurt', ...change })

test.each<[string, EgressPath | undefined, boolean, string]>([
  ['no egress', undefined, false, 'straight'],
  ['no egress and a proxy of the environment', undefined, true, 'proxied'],
  ['an egress that goes straight, whatever the environment says', way({ proxy: undefined }), true, 'straight'],
  ['an egress with a proxy', way({ proxy }), false, 'proxied'],
  ['an egress that is switched off', way({ proxy, closed: 'is switched off (enabled: false)' }), false, 'closed'],
])('%s', (_what, egress, isProxied, kind) => {
  expect(wayOutOf(UPSTREAM, egress, { proxied: () => isProxied, mayLeave: true }).kind).toBe(kind as never)
})

test('nothing but this machine is tried while nothing may leave it', () => {
  const ways = { proxied: () => false, mayLeave: false }
  expect(wayOutOf(UPSTREAM, undefined, ways)).toMatchObject({ kind: 'closed', why: expect.stringContaining('egress_enabled') })
  expect(wayOutOf(new URL('http://127.0.0.1:11434/'), undefined, ways).kind).toBe('straight')
})
