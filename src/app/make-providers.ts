import { join } from 'node:path'
import { readSurroundings } from '../config/env.ts'
import { createCredentials } from '../credentials/credentials.ts'
import { ENGINE_VERSION } from '../engine/version.ts'
import type { Clock } from '../lib/clock.ts'
import type { ProviderSettings } from '../providers/provider.settings.schema.ts'
import type { Provider } from '../providers/provider.types.ts'
import { createProvider } from '../providers/registry.ts'
import { runProgram } from '../runtime/run-program.ts'
import { createFileLogins, LOGINS_FOLDER } from '../state/logins/file.ts'
import { createMemoryLogins } from '../state/logins/memory.ts'
import { environmentProxy } from '../transport/environment-proxy.ts'
import { createFetchTransport } from '../transport/fetch-transport.ts'
import type { Transport } from '../transport/transport.ts'
import type { Surroundings } from './surroundings.ts'

/** What providers need of what is around a gateway. */
export interface ProviderSurroundings extends Pick<Surroundings, 'clock' | 'logger'> {
  /** Data directory with the logins; undefined keeps them in memory. */
  readonly loginsOf: string | undefined
}

/** A way to the outside; `mayLeave` says whether anything may take it now. */
export const openTransport = (clock: Clock, mayLeave: () => boolean): Transport =>
  createFetchTransport({ clock, proxied: environmentProxy(readSurroundings().env), mayLeave })

/** Makes providers that share connections, and credentials that outlive a change of the configuration. */
export function providerMaker(
  { loginsOf, clock, logger }: ProviderSurroundings,
  transport: Transport = openTransport(clock, () => true),
): (settings: ProviderSettings) => Provider {
  const userAgent = `switchback/${ENGINE_VERSION}`
  const warn = (message: string): void => logger.warn({}, message)
  const logins = loginsOf === undefined ? createMemoryLogins() : createFileLogins({ folder: join(loginsOf, LOGINS_FOLDER), warn })
  const credentials = createCredentials({ transport, clock, logins, run: runProgram })
  return (settings) => createProvider(settings, { transport, clock, userAgent, credentials })
}
