import { afterEach, describe, expect, test } from 'bun:test'
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { createServer, type AddressInfo, type Server } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { findPortOwner } from './find-port-owner.ts'

describe('the owner of a port', () => {
  const servers: Server[] = []
  const folders: string[] = []
  afterEach(() => {
    for (const server of servers.splice(0)) server.close()
    for (const folder of folders.splice(0)) rmSync(folder, { recursive: true })
  })

  test('is found among the processes of this machine', async () => {
    const server = createServer()
    servers.push(server)
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const owner = await findPortOwner({ port: (server.address() as AddressInfo).port })
    expect(owner?.pid).toBe(process.pid)
    expect(owner?.command).toContain('bun')
  })

  test('is read from the tables of the kernel, for IPv6 too', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'switchback-proc-'))
    folders.push(folder)
    mkdirSync(join(folder, 'net'))
    mkdirSync(join(folder, '4711', 'fd'), { recursive: true })
    const header = '  sl  local_address remote_address st tx_queue rx_queue tr tm->when retrnsmt uid timeout inode'
    writeFileSync(
      join(folder, 'net', 'tcp'),
      `${header}\n   0: 0100007F:223D 0100007F:1234 01 00000000:00000000 00:00000000 00000000 0 0 111 1\n`,
    )
    writeFileSync(
      join(folder, 'net', 'tcp6'),
      `${header}\n   0: 00000000000000000000000000000000:223D 00000000000000000000000000000000:0000 0A 0:0 00:0 0 0 0 222 1\n`,
    )
    symlinkSync('socket:[222]', join(folder, '4711', 'fd', '7'))
    writeFileSync(join(folder, '4711', 'cmdline'), 'some-server\0--port\u00008765\0')
    expect(await findPortOwner({ port: 8765, processFolder: folder })).toEqual({ pid: 4711, command: 'some-server --port 8765' })
  })

  test('is unknown when nobody listens', async () => {
    const server = createServer()
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const { port } = server.address() as AddressInfo
    await new Promise((resolve) => server.close(resolve))
    expect(await findPortOwner({ port })).toBeUndefined()
  })
})
