import type { ServingWorkers } from '../operations/serve-workers.ts'
import type { CliContext } from './cli-context.ts'
import { EXIT } from './exit-codes.ts'
import type { BannerFacts } from './serve-banner.ts'
import { WORKER_VARIABLE } from './worker-variable.ts'

export interface ServeWithWorkersOptions {
  readonly count: number
  readonly dataDir: string
  /** Told of the first of them, when all of them listen. */
  readonly announce: (facts: BannerFacts) => void
}

/** Serves with several processes until it is stopped; resolves with the exit code. A worker that ends by itself is started again. */
export async function serveWithWorkers(context: CliContext, options: ServeWithWorkersOptions): Promise<number> {
  const stop = context.stopRequested()
  const { serveWorkers } = await import('../operations/serve-workers.ts')
  const workers = await serveWorkers({
    count: options.count,
    dataDir: options.dataDir,
    pid: process.pid,
    clock: context.clock,
    envFor: (index) => ({ ...context.surroundings.env, [WORKER_VARIABLE]: String(index) }),
    argumentsFor: (address) =>
      address === undefined ? context.argv : [...context.argv, '--bind', `${bracketed(address.host)}:${address.port}`],
    onRestart: ({ worker, pid, how }) =>
      context.stderr(`switchback: worker ${worker} (process ${pid}) ended with ${how}; starting it again.\n`),
  })
  if ('exitCode' in workers) return workers.exitCode === 0 ? EXIT.failed : workers.exitCode
  options.announce(workers.listening.facts as BannerFacts)
  const deafen = context.onHangUp(() => workers.reload())
  await finish(context, workers, stop)
  deafen()
  return EXIT.ok
}

async function finish(context: CliContext, workers: ServingWorkers, stop: Promise<string>): Promise<void> {
  const signal = await stop
  const impatient = context.stopRequested()
  context.stderr(`switchback: ${signal}: taking no new requests, finishing those that run. Once more to stop at once.\n`)
  const stopped = workers.stop()
  await Promise.race([stopped, impatient.then(() => workers.kill())])
  await stopped
}

const bracketed = (host: string): string => (host.includes(':') ? `[${host}]` : host)
