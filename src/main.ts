import type { GatewayApp } from './cli/cli-context.ts'
import type { ProcessLogger } from './observability/logger.ts'

/** Entry of the process. Loads as little as it can before it knows what is wanted. */
const MOST_UPSTREAM_CALLS = '65336'
let logger: ProcessLogger | undefined

if (mustStartAgain()) startAgain()
// The compiled program is its own helper process; the module runs when it is loaded.
else if (process.argv[2] === '__tokenize') await import('./runtime/tokenizer-process.ts')
else await run()

/** Bun reads the limit of concurrent upstream calls only when a process starts. The launcher sets it; the compiled program must do so itself. */
function mustStartAgain(): boolean {
  return (
    import.meta.url.includes('$bunfs') &&
    process.env['BUN_CONFIG_MAX_HTTP_REQUESTS'] === undefined &&
    process.execve !== undefined
  )
}

function startAgain(): void {
  const programArguments = [process.execPath, ...process.argv.slice(2)]
  process.execve?.(process.execPath, programArguments, { ...process.env, BUN_CONFIG_MAX_HTTP_REQUESTS: MOST_UPSTREAM_CALLS })
}

/** A fault that nobody handles is told without anything that could come from a request, then the end: what was under way is lost anyway. */
async function run(): Promise<void> {
  const [{ runCommandLine }, { endProcess, processContext }, { ENGINE_VERSION }, { writeSync }, { describeError }, { writeNow }] =
    await Promise.all([
      import('./cli/command-line.ts'),
      import('./cli/process-context.ts'),
      import('./engine/version.ts'),
      import('node:fs'),
      import('./observability/describe-error.ts'),
      import('./lib/write-now.ts'),
    ])
  const endWithFault = (fault: unknown): never => {
    const line = `${JSON.stringify({ level: 'fatal', time: new Date().toISOString(), error: describeError(fault) })}\n`
    try {
      writeNow((text) => writeSync(2, text), line)
    } finally {
      process.exit(1)
    }
  }
  process.on('uncaughtException', endWithFault)
  process.on('unhandledRejection', endWithFault)
  const exitCode = await runCommandLine(processContext({ version: ENGINE_VERSION, loadApp }))
  await logger?.flush()
  await endProcess(exitCode)
}

async function loadApp(): Promise<GatewayApp> {
  const [{ codecs, createGateway }, { openTransport, providerMaker }, { createLogger, silentLogger }] = await Promise.all([
    import('./app.ts'),
    import('./app/make-providers.ts'),
    import('./observability/logger.ts'),
  ])
  return {
    codecs,
    providerMaker: ({ mayLeave, ...parts }) =>
      providerMaker(
        { ...parts, logger: silentLogger },
        openTransport(parts.clock, () => mayLeave),
      ),
    createGateway({ logLevel, ...options }) {
      logger = createLogger({ level: logLevel })
      return createGateway({ ...options, logger })
    },
  }
}
