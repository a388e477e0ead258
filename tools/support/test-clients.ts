import { existsSync, statSync } from 'node:fs'
import { fromRoot } from './repository.ts'
import { runCommand } from './run-command.ts'

/** npm writes this file last, so it tells which lockfile the folder was installed from, and that the install finished. */
const isInstalled = (folder: string): boolean => {
  const marker = fromRoot(folder, 'node_modules', '.package-lock.json')
  return existsSync(marker) && statSync(marker).mtimeMs >= statSync(fromRoot(folder, 'package-lock.json')).mtimeMs
}

/**
 * The client SDKs and the browser driver have a package of their own under test/, so that installing the gateway stays small.
 * Checks and tests need them; the first run brings them in.
 */
export async function installTestClients(): Promise<void> {
  if (isInstalled('test')) return
  console.error('Installing the client SDKs that the tests use (npm ci in test/) …')
  const result = await runCommand(['npm', 'ci', '--no-audit', '--no-fund'], { cwd: fromRoot('test') })
  if (result.exitCode === 0) return
  console.error(result.output)
  console.error("The client SDKs could not be installed: see npm's words above, then run 'npm ci' in test/.")
  process.exit(1)
}
