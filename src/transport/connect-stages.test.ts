import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connectStages } from './connect-stages.ts'

const hasOpenssl = Bun.which('openssl') !== null
const WAIT_MS = 3_000

/** A certificate that signed itself. */
function selfSigned(folder: string): { key: string; cert: string } {
  const [key, cert] = [join(folder, 'key.pem'), join(folder, 'cert.pem')]
  const command = `openssl req -x509 -newkey rsa:2048 -nodes -keyout ${key} -out ${cert} -days 2 -subj /CN=localhost`
  Bun.spawnSync({ cmd: command.split(' '), stdout: 'ignore', stderr: 'ignore' })
  return { key: readFileSync(key, 'utf8'), cert: readFileSync(cert, 'utf8') }
}

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
    const folder = mkdtempSync(join(tmpdir(), 'switchback-tls-'))
    const fetch = (): Response => new Response('')
    beforeAll(() => {
      servers.push(Bun.serve({ port: 0, hostname: '127.0.0.1', fetch }))
      if (hasOpenssl) servers.push(Bun.serve({ port: 0, hostname: '127.0.0.1', fetch, tls: selfSigned(folder) }))
    })
    afterAll(() => {
      for (const server of servers) void server.stop(true)
      rmSync(folder, { recursive: true, force: true })
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

    test.skipIf(!hasOpenssl)('end at a certificate that nobody vouches for', async () => {
      const { tls } = await connectStages(new URL(`https://127.0.0.1:${servers[1]?.port}/`), WAIT_MS)
      expect(tls).toEqual({ failure: 'DEPTH_ZERO_SELF_SIGNED_CERT' })
    })
  })
})
