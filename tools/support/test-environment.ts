import { mkdirSync, mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const UNWANTED =
  /^(?:(?:HTTPS?|ALL|NO)_PROXY|.+_API_KEY|(?:OPENAI|ANTHROPIC|GEMINI|GOOGLE|AZURE|AWS)_.+|SWITCHBACK_(?!BUN$|TEST_).+)$/i

/**
 * The variables that tests and the gateways they start see: no provider key of the person who runs them, no proxy, and a
 * configuration and data folder of their own, so that no test reads or writes what belongs to somebody.
 */
export function testEnvironment(): { env: Record<string, string | undefined>; folder: string } {
  const folder = mkdtempSync(join(tmpdir(), 'switchback-test-'))
  const env: Record<string, string | undefined> = {}
  for (const [name, value] of Object.entries(process.env)) {
    if (!UNWANTED.test(name)) env[name] = value
  }
  for (const [name, part] of [
    ['XDG_CONFIG_HOME', 'config'],
    ['XDG_STATE_HOME', 'state'],
    ['XDG_DATA_HOME', 'data'],
    ['XDG_CACHE_HOME', 'cache'],
  ] as const) {
    env[name] = join(folder, part)
    mkdirSync(join(folder, part))
  }
  // Bun's fetch sends even loopback calls through a proxy unless told not to.
  env['NO_PROXY'] = 'localhost,127.0.0.1,::1'
  env['BUN_CONFIG_MAX_HTTP_REQUESTS'] = '65336'
  return { env, folder }
}
