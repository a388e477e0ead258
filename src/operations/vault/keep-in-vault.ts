import { variable, type Environment } from '../../config/env.ts'
import { VAULT_KEY_VARIABLE } from '../../vault/vault-key.ts'
import type { RotationParts } from '../rotate-account.ts'
import { VaultDesk } from './vault-desk.ts'

/** Stores secrets in the vault of a configuration, with the key that this process finds. */
export const vaultKeeper =
  (env: Environment): RotationParts['keepInVault'] =>
  async ({ vault }, name, secret) => {
    const { path, keychainService } = vault
    await new VaultDesk({ path, keychainService, variable: variable(env, VAULT_KEY_VARIABLE) }).set(name, secret.reveal())
  }
