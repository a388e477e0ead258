import { z } from 'zod'
import { nonEmpty } from '../lib/config-fields.ts'

/** Also given to programs as an argument and within a command. */
const SERVICE_NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/

export const vaultSchema = z
  .strictObject({
    path: nonEmpty()
      .optional()
      .describe(
        'The encrypted file. Relative paths start at the configuration file. Default: `vault.age` beside the configuration of the user.',
      ),
    keychain_service: z
      .string()
      .regex(SERVICE_NAME, 'a name of letters, digits, dots, dashes and underscores')
      .default('switchback')
      .describe("Name under which the operating system's keychain keeps the key, where SWITCHBACK_VAULT_KEY is not set."),
  })
  .describe('Keys of providers, kept in an encrypted file. Accounts name them by `vault`.')

export type VaultConfig = z.output<typeof vaultSchema>

/** Where the vault is, and which of its secrets the configuration needs. */
export interface VaultSettings {
  /** Absolute. */
  readonly path: string
  readonly keychainService: string
  /** Each once. */
  readonly names: readonly string[]
}
