import { afterEach, describe, expect, test } from 'bun:test'
import { existsSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type DataDir, dataDirOwner, takeDataDir } from './data-dir.ts'

const STARTED_AT = Date.UTC(2026, 0, 2)
const modulePath = join(import.meta.dir, 'data-dir.ts')

describe('a data directory', () => {
  const folders: string[] = []
  const taken: DataDir[] = []
  const newFolder = (): string => {
    const folder = mkdtempSync(join(tmpdir(), 'switchback-data-'))
    folders.push(folder)
    return join(folder, 'nested', 'data')
  }
  const take = (path: string): DataDir => {
    const dataDir = takeDataDir({ path, pid: process.pid, startedAt: STARTED_AT })
    taken.push(dataDir)
    return dataDir
  }
  afterEach(() => {
    for (const dataDir of taken.splice(0)) dataDir.release()
    for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true })
  })

  test('is created for its owner only', () => {
    const path = newFolder()
    take(path)
    expect(statSync(path).mode & 0o777).toBe(0o700)
    expect(statSync(join(path, 'process.json')).mode & 0o777).toBe(0o600)
  })

  test('refuses a second taker and names the first', () => {
    const path = newFolder()
    take(path).announce('http://127.0.0.1:8765')
    expect(() => take(path)).toThrow(
      new RegExp(`process ${process.pid} at http://127.0.0.1:8765, running since 2026-01-02T00:00:00.000Z`),
    )
  })

  test('can be taken again after its release', () => {
    const path = newFolder()
    take(path).release()
    expect(dataDirOwner(path)).toBeUndefined()
    expect(existsSync(join(path, 'process.json'))).toBe(false)
    take(path)
  })

  test('is free when its owner was killed, whatever it left behind', async () => {
    const path = newFolder()
    const holder = startHolder(path)
    await holder.ready
    expect(() => take(path)).toThrow(new RegExp(`process ${holder.process.pid}`))
    expect(dataDirOwner(path)?.pid).toBe(holder.process.pid)
    holder.process.kill('SIGKILL')
    await holder.process.exited
    expect(dataDirOwner(path)).toBeUndefined()
    take(path)
    expect(dataDirOwner(path)?.pid).toBe(process.pid)
  })

  test('goes to exactly one of several processes that start at once', async () => {
    const path = newFolder()
    const holders = Array.from({ length: 4 }, () => startHolder(path))
    const results = await Promise.all(holders.map((holder) => holder.ready))
    expect(results.filter((line) => line === 'held')).toHaveLength(1)
    expect(results.filter((line) => line.includes('is in use by'))).toHaveLength(3)
    for (const holder of holders) holder.process.kill('SIGKILL')
  })

  test('that cannot be created is refused with what to do', () => {
    const path = newFolder()
    const file = join(folders[0] ?? '', 'file')
    writeFileSync(file, '')
    expect(() => take(join(file, 'data'))).toThrow(/cannot be created.*--data-dir/)
    expect(existsSync(path)).toBe(false)
  })

  test('without a readable note has no known owner', () => {
    const path = newFolder()
    take(path)
    writeFileSync(join(path, 'process.json'), '{"pid":')
    expect(dataDirOwner(path)).toBeUndefined()
  })
})

/** A process that takes the directory, says so, and waits to be killed. */
function startHolder(path: string): { process: Bun.Subprocess<'ignore', 'pipe', 'inherit'>; ready: Promise<string> } {
  const source = `
    const { takeDataDir } = await import(${JSON.stringify(modulePath)})
    try {
      globalThis.held = takeDataDir({ path: ${JSON.stringify(path)}, pid: process.pid, startedAt: 0 })
      console.log('held')
    } catch (error) {
      console.log(error.message)
    }
    setInterval(() => {}, 1000)`
  const child = Bun.spawn({ cmd: [process.execPath, '-e', source], stdin: 'ignore', stdout: 'pipe', stderr: 'inherit' })
  return { process: child, ready: firstLine(child.stdout) }
}

async function firstLine(stream: ReadableStream<Uint8Array>): Promise<string> {
  const decoder = new TextDecoder()
  let text = ''
  for await (const chunk of stream) {
    text += decoder.decode(chunk, { stream: true })
    const end = text.indexOf('\n')
    if (end !== -1) return text.slice(0, end)
  }
  return text
}
