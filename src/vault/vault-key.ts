import { GatewayError } from '../errors/gateway-error.ts'
import { Secret } from '../lib/secret.ts'
import type { Keychain } from './keychain.ts'

/** The variable that holds the key of the vault, before any keychain. */
export const VAULT_KEY_VARIABLE = 'SWITCHBACK_VAULT_KEY'

/** The key of a vault: a secret key of age. */
export interface VaultKey {
  readonly identity: Secret
  readonly source: 'variable' | 'keychain'
}

export interface VaultKeyPlaces {
  /** Value of `SWITCHBACK_VAULT_KEY`: a secret key, or the file that `age-keygen` writes. */
  readonly variable: string | undefined
  readonly keychain: Keychain
  readonly service: string
}

/** The key, from the variable or else from the keychain; undefined when neither has one. Throws `config_invalid` for a malformed one. */
export async function findVaultKey({ variable, keychain, service }: VaultKeyPlaces): Promise<VaultKey | undefined> {
  if (variable !== undefined) return { identity: parseIdentity(variable, VAULT_KEY_VARIABLE), source: 'variable' }
  const kept = await keychain.find(service)
  if (kept === undefined) return undefined
  return { identity: parseIdentity(kept.reveal(), `The entry ${service} of the keychain`), source: 'keychain' }
}

/** As `findVaultKey`. Throws `config_invalid` that says where a key is looked for when there is none. */
export async function requireVaultKey(places: VaultKeyPlaces): Promise<VaultKey> {
  const key = await findVaultKey(places)
  if (key !== undefined) return key
  throw new GatewayError(
    'config_invalid',
    `There is no key for the vault: ${VAULT_KEY_VARIABLE} is not set, and the keychain of this machine has no entry ${places.service}. Set ${VAULT_KEY_VARIABLE} to the secret key (AGE-SECRET-KEY-1…), or make a vault with "switchback vault init".`,
  )
}

/** A line that holds a secret key of age, of the classic or the post-quantum kind. */
const IDENTITY_LINE = /^AGE-SECRET-KEY-(?:PQ-)?1[0-9A-Z]+$/

/** The one secret key in a text, which may have comments as `age-keygen` writes them. `where` begins the message of an error. */
function parseIdentity(text: string, where: string): Secret {
  const lines = text
    .split(/\r?\n/)
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('#'))
  const [line = ''] = lines
  if (lines.length === 1 && IDENTITY_LINE.test(line)) return new Secret(line)
  throw new GatewayError(
    'config_invalid',
    `${where} is no secret key of age. It is one line that begins with AGE-SECRET-KEY-1; "switchback vault keygen" makes one.`,
  )
}
