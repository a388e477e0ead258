import { variable, type Environment } from '../../config/env.ts'
import { systemKeychain } from '../../vault/keychain.ts'
import { findVaultKey, VAULT_KEY_VARIABLE } from '../../vault/vault-key.ts'
import type { KeptKeysOptions } from '../kept-keys.ts'
import type { RotationParts } from '../rotate-account.ts'
import { VaultDesk } from './vault-desk.ts'

/** Stores secrets in the vault of a configuration, with the key that this process finds. */
export const vaultKeeper =
  (env: Environment): RotationParts['keepInVault'] =>
  async ({ vault }, name, secret) => {
    const { path, keychainService } = vault
    await new VaultDesk({ path, keychainService, variable: variable(env, VAULT_KEY_VARIABLE) }).set(name, secret.reveal())
  }

/** Finds the secret key of the vault of a configuration, as far as this process has it. */
export const vaultKeyFinder =
  (env: Environment): KeptKeysOptions['vaultKey'] =>
  async ({ vault }) => {
    const places = { variable: variable(env, VAULT_KEY_VARIABLE), keychain: systemKeychain(), service: vault.keychainService }
    return (await findVaultKey(places))?.identity
  }
