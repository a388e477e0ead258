import { GatewayError } from '../../errors/gateway-error.ts'
import { VAULT_NAME } from '../../lib/config-fields.ts'
import { nearest } from '../../lib/nearest.ts'
import { Secret } from '../../lib/secret.ts'
import { type Keychain, systemKeychain } from '../../vault/keychain.ts'
import { changeVault, generateVaultKey, readVault, recipientOf, rekeyVault, vaultExists } from '../../vault/vault-file.ts'
import { findVaultKey, requireVaultKey, VAULT_KEY_VARIABLE, type VaultKey } from '../../vault/vault-key.ts'
import { safeText } from '../story-words.ts'
import { type KeyPair, saveKeyFile } from './key-file.ts'

export interface VaultDeskOptions {
  /** Absolute. */
  readonly path: string
  /** Default: the operating system's. */
  readonly keychain?: Keychain | undefined
  readonly keychainService: string
  /** Value of `SWITCHBACK_VAULT_KEY`. */
  readonly variable: string | undefined
}

/** Where the key of a vault was put. */
export type KeyPlace =
  | { readonly kind: 'keychain'; readonly service: string }
  | { readonly kind: 'file'; readonly path: string }
  /** It was in the variable already. */
  | { readonly kind: 'variable' }

export interface NewVaultKey {
  readonly path: string
  readonly key: KeyPlace
  /** Public key of age. */
  readonly recipient: string
}

/** Longest secret: a service account's file fits several times. */
const MOST_CHARACTERS = 64 * 1024

/** What can be done with a vault. Everything throws `config_invalid` without a key that opens it, and `state_unavailable`. */
export class VaultDesk {
  readonly path: string
  private readonly options: VaultDeskOptions
  private readonly keychain: Keychain

  constructor(options: VaultDeskOptions) {
    this.path = options.path
    this.options = options
    this.keychain = options.keychain ?? systemKeychain()
  }

  /**
   * Makes an empty vault. Its key is the one that is set or kept already, else a new one, which goes into `keyFile` or else the keychain.
   * Throws `config_invalid` when there is a vault already, or no place for the key.
   */
  async init(keyFile?: string): Promise<NewVaultKey> {
    if (vaultExists(this.path))
      throw new GatewayError(
        'config_invalid',
        `There is a vault already: ${this.path}. Use it ("switchback vault list"), or name another one as vault.path in the configuration.`,
      )
    const { variable } = this.options
    if (variable !== undefined && keyFile !== undefined)
      throw new GatewayError(
        'config_invalid',
        `${VAULT_KEY_VARIABLE} is set and is the key of the new vault; leave --key-file out, or unset the variable.`,
      )
    // A key that the keychain has already may be that of another vault: it is used, never replaced.
    const found = keyFile === undefined ? await findVaultKey(this.places) : undefined
    const identity = found?.identity ?? (await generateVaultKey())
    const key = found === undefined ? await this.keep(identity, keyFile, 'init') : this.placeOf(found)
    await changeVault(this.path, identity, () => undefined)
    return { path: this.path, key, recipient: await recipientOf(identity) }
  }

  /** Stores a secret; resolves with whether it replaced another one. */
  async set(name: string, text: string): Promise<boolean> {
    if (!VAULT_NAME.test(name))
      throw new GatewayError(
        'config_invalid',
        'The name of a secret is made of letters, digits, dots, dashes, underscores and slashes, such as openai-main.',
      )
    const value = text.replace(/(?:\r?\n)+$/, '')
    if (value.trim() === '') throw new GatewayError('config_invalid', 'The secret is empty; nothing was stored.')
    if (value.length > MOST_CHARACTERS)
      throw new GatewayError('config_invalid', 'The secret is longer than 64 KiB, which no key is; nothing was stored.')
    return changeVault(this.path, await this.identity(), (entries) => {
      const replaced = entries.has(name)
      entries.set(name, new Secret(value))
      return replaced
    })
  }

  /** Throws `subject_not_found` when there is no such secret. */
  async get(name: string): Promise<Secret> {
    const entries = await readVault(this.path, await this.identity())
    const secret = entries.get(name)
    if (secret === undefined) throw unknownSecret(name, [...entries.keys()])
    return secret
  }

  /** Names, sorted. */
  async list(): Promise<readonly string[]> {
    const entries = await readVault(this.path, await this.identity())
    return [...entries.keys()].sort()
  }

  /** Takes a secret out. Throws `subject_not_found` when there is no such secret. */
  async remove(name: string): Promise<void> {
    await changeVault(this.path, await this.identity(), (entries) => {
      if (!entries.delete(name)) throw unknownSecret(name, [...entries.keys()])
    })
  }

  /**
   * Encrypts the vault with a new key, which replaces the one in the keychain, or goes into `keyFile`. The keychain keeps the old one as
   * `<service>.previous`, for backups of the file. Throws `config_invalid` when there is no vault, or no place for the key.
   */
  async rotate(keyFile?: string): Promise<NewVaultKey> {
    if (!vaultExists(this.path))
      throw new GatewayError('config_invalid', `There is no vault ${this.path} yet. Make one with "switchback vault init".`)
    const { identity, source } = await requireVaultKey(this.places)
    if (source === 'variable' && keyFile === undefined)
      throw new GatewayError(
        'config_invalid',
        `The key is in ${VAULT_KEY_VARIABLE}, which this command cannot change. Give --key-file with a new file for the new key, and set the variable to it afterwards.`,
      )
    const next = await generateVaultKey()
    let key: KeyPlace | undefined
    await rekeyVault(this.path, identity, next, async () => {
      const { keychainService: service } = this.options
      if (keyFile === undefined) await this.keychain.keep(`${service}.previous`, identity)
      key = await this.keep(next, keyFile, 'rotate')
    })
    return { path: this.path, key: key ?? { kind: 'variable' }, recipient: await recipientOf(next) }
  }

  private get places() {
    const { variable, keychainService: service } = this.options
    return { variable, keychain: this.keychain, service }
  }

  private placeOf({ source }: VaultKey): KeyPlace {
    return source === 'variable' ? { kind: 'variable' } : { kind: 'keychain', service: this.options.keychainService }
  }

  private async identity(): Promise<VaultKey['identity']> {
    return (await requireVaultKey(this.places)).identity
  }

  private async keep(identity: Secret, keyFile: string | undefined, command: string): Promise<KeyPlace> {
    if (keyFile !== undefined) {
      saveKeyFile(keyFile, { identity, recipient: await recipientOf(identity) })
      return { kind: 'file', path: keyFile }
    }
    const { keychainService: service } = this.options
    if (await this.keychain.keep(service, identity)) return { kind: 'keychain', service }
    throw new GatewayError(
      'config_invalid',
      `This machine has no keychain that could keep the key (none is usual on servers). Give "switchback vault ${command} --key-file FILE" to have it written to a new file, or make one with "switchback vault keygen" and set ${VAULT_KEY_VARIABLE} to it first.`,
    )
  }
}

/** A new key, kept nowhere. */
export async function makeKeyPair(): Promise<KeyPair> {
  const identity = await generateVaultKey()
  return { identity, recipient: await recipientOf(identity) }
}

function unknownSecret(name: string, known: readonly string[]): GatewayError {
  const meant = nearest(name, known)
  const hint = meant === undefined ? '"switchback vault list" shows the names there are.' : `Did you mean ${safeText(meant)}?`
  return new GatewayError('subject_not_found', `The vault holds no secret of that name. ${hint}`)
}
