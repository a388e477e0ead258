import { describe, expect, test } from 'bun:test'
import { loaded, loadConfigText, refused } from '../../test/support/load-config-text.ts'

const load = (text: string, env = {}) => loaded(loadConfigText(text, { env }))
const STORE = 'postgres://gateway:s%40fe@db.internal:6432/app'
const BOTH = `state: { store: "${STORE}", coordination: "redis://:other@cache.internal/3?prefix=eu" }`

describe('a shared state', () => {
  test('is read out of two addresses, with what they leave out', () => {
    const { shared, store } = load(BOTH).compiled.state
    expect(store).toBeUndefined()
    expect(shared?.postgres).toMatchObject({
      host: 'db.internal',
      port: 6432,
      database: 'app',
      user: 'gateway',
      tls: 'verify-full',
      schema: 'switchback',
    })
    expect(shared?.postgres.password?.reveal()).toBe('s@fe')
    expect(shared?.redis).toMatchObject({ host: 'cache.internal', port: 6379, database: 3, tls: false, prefix: 'eu' })
    expect(shared?.redis?.password?.reveal()).toBe('other')
  })

  test('takes passwords from the environment, and certificates from files beside the configuration', () => {
    const text =
      'state: { store: "postgres://u:${PW}@db/x?sslrootcert=ca.pem", coordination: "rediss://:${PW}@cache?cafile=~/ca.pem" }'
    const { shared } = load(text, { PW: 'word' }).compiled.state
    expect(shared?.postgres.password?.reveal()).toBe('word')
    expect(shared?.postgres.certificates).toBe('/etc/gateway/ca.pem')
    expect(shared?.redis).toMatchObject({ tls: true, certificates: '/home/someone/ca.pem' })
  })

  test.each([
    ['postgres://u@127.0.0.1/x', 'disable'],
    ['postgres://u@localhost/x', 'disable'],
    ['postgres://u@db/x', 'verify-full'],
    ['postgres://u@db/x?sslmode=disable', 'disable'],
  ])('%s is reached with sslmode %s', (store, tls) => {
    expect(load(`state: { store: "${store}" }`).compiled.state.shared?.postgres.tls).toBe(tls as 'disable')
  })

  test('without coordination is for one gateway, which a warning says', () => {
    const told = (text: string) => load(text).warnings.filter(({ path }) => path.startsWith('state'))
    expect(told(`state: { store: "${STORE}" }`)).toMatchObject([
      { path: 'state.store', message: expect.stringContaining('only one gateway') },
    ])
    expect(told(BOTH)).toEqual([])
  })

  test.each([
    ['state: { coordination: "redis://cache" }', 'state.coordination', /need a store they share.*state\.store to postgres/],
    [`state: { store: x.db, coordination: "redis://cache" }`, 'state.coordination', /need a store they share/],
    ['server: { workers: 2 }', 'server.workers', /state that they share.*or server\.workers to 1/],
    [`server: { workers: 2 }\nstate: { store: "${STORE}" }`, 'server.workers', /state that they share/],
    ['server: { workers: 0 }', 'server.workers', /at least 1/],
  ])('with half of what it needs is refused with the reason: %s', (text, path, message) => {
    expect(refused(loadConfigText(text)).problems).toMatchObject([{ path, message: expect.stringMatching(message) }])
  })

  test.each([
    ['store', 'mysql://u@db/x', /postgres:\/\//],
    ['store', 'postgres://db/x', /with a user/],
    ['store', 'postgres://u@db', /ends with a database/],
    ['store', 'postgres://u@db/x?sslmode=maybe', /disable, require, verify-full/],
    ['store', 'postgres://u@db/x?schema=Up', /small letters/],
    ['store', 'postgres://u@db/x?pool=3', /only the parameters/],
    ['coordination', 'memcached://x', /redis:\/\//],
    ['coordination', 'redis://x/db', /number of a database/],
    ['coordination', 'redis://x?cafile=a', /rediss:\/\//],
    ['coordination', 'redis://x?ttl=1', /only the parameters/],
  ])('an address for %s such as %s is refused with what was expected', (key, address, message) => {
    const { problems } = refused(loadConfigText(`state: { ${key}: "${address}" }`))
    expect(problems[0]).toMatchObject({ path: `state.${key}`, message: expect.stringMatching(message) })
  })
})
