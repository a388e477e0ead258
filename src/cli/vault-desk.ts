import { variable } from '../config/env.ts'
import { GatewayError } from '../errors/gateway-error.ts'
import type { VaultDesk } from '../operations/vault/vault-desk.ts'
import type { CliContext } from './cli-context.ts'
import type { CommonOptions } from './common-options.ts'

export interface OpenedDesk {
  readonly desk: VaultDesk
  /** Names that the configuration uses. */
  readonly used: readonly string[]
}

/** The vault of the configuration. One that has other problems keeps nobody from storing the keys it asks for. */
export async function openVaultDesk(context: CliContext, options: CommonOptions): Promise<OpenedDesk> {
  const [{ VaultDesk: Desk }, { loadConfig }] = await Promise.all([
    import('../operations/vault/vault-desk.ts'),
    import('../config/load.ts'),
  ])
  const { env } = context.surroundings
  const loaded = loadConfig({ ...context.surroundings, path: options.config })
  const settings = loaded.ok ? loaded.compiled.vault : loaded.vault
  if (settings === undefined)
    throw new GatewayError(
      'config_invalid',
      'The configuration cannot be read, so it is not known where the vault is. "switchback config validate" tells what is wrong.',
    )
  const { path, keychainService, names } = settings
  return { desk: new Desk({ path, keychainService, variable: variable(env, 'SWITCHBACK_VAULT_KEY') }), used: names }
}
