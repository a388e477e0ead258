import { afterAll, afterEach, beforeAll } from 'bun:test'
import type { CommandLine } from './command-line.ts'
import { startPostgres, type TestPostgres } from './postgres-server.ts'
import { startRedis, type TestRedis } from './redis-server.ts'

/** A PostgreSQL and a Redis for the tests of a suite; there is none before they run. */
export function suiteServers(): { readonly postgres: TestPostgres; readonly redis: TestRedis } {
  let started: readonly [TestPostgres, TestRedis] | undefined
  const running = (): readonly [TestPostgres, TestRedis] => {
    if (started === undefined) throw new Error('the servers of a suite run while its tests do')
    return started
  }
  beforeAll(async () => {
    started = await Promise.all([startPostgres(), startRedis()])
  })
  afterAll(async () => {
    await Promise.all(started?.map((server) => server.close()) ?? [])
  })
  return {
    get postgres() {
      return running()[0]
    },
    get redis() {
      return running()[1]
    },
  }
}

/** Takes what is to be undone after the test that runs, the last first. */
export function undoneAfterEach(): (...undo: (() => Promise<void>)[]) => void {
  const undos: (() => Promise<void>)[] = []
  afterEach(async () => {
    for (const undo of undos.splice(0).reverse()) await undo()
  })
  return (...more) => void undos.push(...more)
}

/** Takes homes, which are removed after the test that runs. */
export function disposedAfterEach(): (home: CommandLine) => void {
  const undo = undoneAfterEach()
  return (home) => undo(() => home.dispose())
}
