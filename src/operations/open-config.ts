import { variable, type Environment } from '../config/env.ts'
import { loadConfig, type LoadConfigOptions, type LoadResult } from '../config/load.ts'
import type { VaultView } from '../config/vault-view.ts'
import { GatewayError } from '../errors/gateway-error.ts'
import { type Keychain, systemKeychain } from '../vault/keychain.ts'
import { readVault } from '../vault/vault-file.ts'
import { requireVaultKey, VAULT_KEY_VARIABLE } from '../vault/vault-key.ts'
import type { VaultSettings } from '../vault/vault.schema.ts'

export interface OpenConfigOptions extends LoadConfigOptions {
  /** Default: the operating system's. */
  readonly keychain?: Keychain | undefined
}

/**
 * As `loadConfig`, with the keys that accounts take from the vault: what a gateway serves with. The vault is opened only when the
 * configuration names something in it. Never rejects.
 */
export async function openConfig({ keychain = systemKeychain(), ...options }: OpenConfigOptions): Promise<LoadResult> {
  const loaded = loadConfig(options)
  const vault = loaded.ok ? loaded.compiled.vault : loaded.vault
  if (vault === undefined || vault.names.length === 0) return loaded
  return loadConfig({ ...options, vault: await viewOf(vault, options.env, keychain) })
}

async function viewOf({ path, keychainService }: VaultSettings, env: Environment, keychain: Keychain): Promise<VaultView> {
  try {
    const places = { variable: variable(env, VAULT_KEY_VARIABLE), keychain, service: keychainService }
    const { identity } = await requireVaultKey(places)
    return { kind: 'open', entries: await readVault(path, identity) }
  } catch (error) {
    if (!(error instanceof GatewayError)) throw error
    return { kind: 'shut', reason: error.message }
  }
}
