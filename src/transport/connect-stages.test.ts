import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { SERVER_CERTIFICATE, SERVER_KEY, TEST_AUTHORITY } from '../../test/support/certificates.data.ts'
import { connectStages } from './connect-stages.ts'

const WAIT_MS = 60_000

describe('the stages of a connection', () => {
  test('end at a name that nobody has', async () => {
    const { dns, tcp } = await connectStages(new URL('https://no-such-name.invalid/'), WAIT_MS)
    expect(dns).toHaveProperty('failure')
    expect(tcp).toBeUndefined()
  })

  test('end at a port where nothing listens', async () => {
    expect(await connectStages(new URL('http://127.0.0.1:1/'), WAIT_MS)).toEqual({
      dns: { addresses: ['127.0.0.1'] },
      tcp: 'refused',
    })
  })

  describe('with servers', () => {
    const servers: Bun.Server<undefined>[] = []
    const fetch = (): Response => new Response('')
    beforeAll(() => {
      servers.push(Bun.serve({ port: 0, hostname: '127.0.0.1', fetch }))
      const identity = { key: SERVER_KEY, cert: SERVER_CERTIFICATE }
      servers.push(Bun.serve({ port: 0, hostname: '127.0.0.1', fetch, tls: identity }))
    })
    afterAll(() => {
      for (const server of servers) void server.stop(true)
    })

    test('end with a connection where there is no TLS', async () => {
      const { tcp, tls } = await connectStages(new URL(`http://127.0.0.1:${servers[0]?.port}/`), WAIT_MS)
      expect([tcp, tls]).toEqual(['connected', undefined])
    })

    test('end at a server that does not speak TLS', async () => {
      const { tcp, tls } = await connectStages(new URL(`https://127.0.0.1:${servers[0]?.port}/`), WAIT_MS)
      expect(tcp).toBe('connected')
      expect(tls).toHaveProperty('failure')
    })

    test('end at a certificate that nobody vouches for', async () => {
      const { tls } = await connectStages(new URL(`https://127.0.0.1:${servers[1]?.port}/`), WAIT_MS)
      expect(tls).toEqual({ failure: 'UNABLE_TO_VERIFY_LEAF_SIGNATURE' })
    })

    test('lead to the end where an authority of the configuration vouches for it', async () => {
      const { tls } = await connectStages(new URL(`https://127.0.0.1:${servers[1]?.port}/`), WAIT_MS, [TEST_AUTHORITY])
      expect(tls).toHaveProperty('protocol', 'TLSv1.3')
    })
  })
})
