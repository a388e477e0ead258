/** Entry of the process. Loads as little as it can before it knows what is wanted. */
const MOST_UPSTREAM_CALLS = '65336'

if (mustStartAgain()) startAgain()
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

async function run(): Promise<void> {
  process.on('uncaughtException', endWithFault)
  process.on('unhandledRejection', endWithFault)
  const [{ runCommandLine }, { endProcess, processContext }, { ENGINE_VERSION }] = await Promise.all([
    import('./cli/command-line.ts'),
    import('./cli/process-context.ts'),
    import('./engine/version.ts'),
  ])
  const context = processContext({ version: ENGINE_VERSION, loadApp: () => import('./app.ts') })
  await endProcess(await runCommandLine(context))
}

/** A fault nobody handled: told without anything that could come from a request, then the end. What was under way is lost anyway. */
function endWithFault(fault: unknown): void {
  void import('./observability/describe-error.ts')
    .then(({ describeError }) =>
      process.stderr.write(
        `${JSON.stringify({ level: 'fatal', time: new Date().toISOString(), error: describeError(fault) })}\n`,
      ),
    )
    .finally(() => process.exit(1))
}
