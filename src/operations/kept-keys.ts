import type { CompiledConfig } from '../config/compile.ts'
import { GatewayError } from '../errors/gateway-error.ts'
import { asAccountId, asProviderId } from '../ir/ids.ts'
import { isObject } from '../ir/json.ts'
import type { Clock } from '../lib/clock.ts'
import { InTurn } from '../lib/in-turn.ts'
import { openSealed, sealBytes } from '../lib/sealed-bytes.ts'
import { Secret } from '../lib/secret.ts'
import type { RotatedKeyStore, SealedKey } from '../state/rotated-keys/store.ts'
import { sealingKeyOf } from '../vault/sealing-key.ts'
import type { AccountPool } from '../credentials/account-pool.ts'
import type { LiveConfig } from './live-config.ts'
import type { RotatedKey } from './rotated-keys.ts'

export interface KeptKeysOptions {
  readonly store: RotatedKeyStore
  readonly live: Pick<LiveConfig, 'config' | 'useKeys' | 'pooled'>
  readonly accounts: Pick<AccountPool, 'configure'>
  /** The secret key of the vault of a configuration; undefined when this process finds none. Throws `config_invalid` for a malformed one. */
  readonly vaultKey: (config: CompiledConfig) => Promise<Secret | undefined>
  readonly clock: Pick<Clock, 'wall'>
  readonly warn: (message: string) => void
}

/** Keeps a rotated key. Rejects with `state_unavailable`; then it is not kept. */
export type KeepKey = (rotated: RotatedKey) => Promise<void>

/**
 * Rotated keys for the next start and for the other gateways that share the state: sealed with a key made of that of the vault, so that the
 * store cannot read them, nor put one that nobody rotated.
 */
export class KeptKeys {
  private readonly options: KeptKeysOptions
  private readonly turns = new InTurn()
  private lastWarning: string | undefined

  constructor(options: KeptKeysOptions) {
    this.options = options
  }

  /** How a key can be kept; undefined when this process has no key to seal it with. Rejects with `config_invalid` for a malformed one. */
  async keeper(): Promise<KeepKey | undefined> {
    const sealing = await this.sealingKey()
    if (sealing === undefined) return undefined
    const { store, clock } = this.options
    return async ({ provider, account, key, replaces }) => {
      const plain = JSON.stringify({ key: key.reveal(), replaces })
      const sealed = sealBytes(Buffer.from(plain), { key: sealing, context: contextOf(provider, account) })
      await store.put({ provider, account, sealed: Buffer.from(sealed).toString('base64'), at: Math.floor(clock.wall()) })
    }
  }

  /** Uses what is kept, and from then on what other gateways keep. Rejects with `state_unavailable`. */
  async follow(): Promise<void> {
    await this.read()
    this.options.store.watch(() => this.read())
  }

  /** Uses what is kept. One after the other, so that the last one knows all. Rejects with `state_unavailable`. */
  read(): Promise<void> {
    return this.turns.run(() => this.readAll())
  }

  private async readAll(): Promise<void> {
    const { store, live, accounts } = this.options
    const kept = await store.list()
    if (kept.length === 0) return
    const sealing = await this.sealingKey().catch((error: unknown) => {
      this.warn(error instanceof GatewayError ? error.message : String(error))
      return undefined
    })
    const opened = sealing === undefined ? [] : kept.flatMap((one) => openedKey(one, sealing) ?? [])
    if (opened.length < kept.length) this.warn(shutWarning(kept.length - opened.length, sealing !== undefined))
    if (opened.length === 0) return
    live.useKeys(opened)
    accounts.configure(live.pooled)
  }

  private async sealingKey(): Promise<Uint8Array | undefined> {
    const identity = await this.options.vaultKey(this.options.live.config)
    return identity && sealingKeyOf(identity)
  }

  private warn(message: string): void {
    if (message === this.lastWarning) return
    this.lastWarning = message
    this.options.warn(message)
  }
}

const contextOf = (provider: string, account: string): string => JSON.stringify([provider, account])

function openedKey({ provider, account, sealed }: SealedKey, key: Uint8Array): RotatedKey | undefined {
  const plain = openSealed(Buffer.from(sealed, 'base64'), { key, context: contextOf(provider, account) })
  if (plain === undefined) return undefined
  // Only a gateway can have sealed it; it may be of another release.
  const value: unknown = JSON.parse(Buffer.from(plain).toString())
  const { key: text, replaces } = isObject(value) ? value : {}
  if (typeof text !== 'string' || !Array.isArray(replaces)) return undefined
  return {
    provider: asProviderId(provider),
    account: asAccountId(account),
    key: new Secret(text),
    replaces: replaces.filter((one) => typeof one === 'string'),
  }
}

const shutWarning = (count: number, isKeyed: boolean): string =>
  `${count === 1 ? 'A rotated key' : `${count} rotated keys`} of accounts cannot be opened: ${
    isKeyed ? 'sealed with another vault key than this gateway has' : 'this gateway has no vault key'
  }. It calls with the keys of its configuration. Set SWITCHBACK_VAULT_KEY to the same secret key at all gateways, or rotate the accounts again.`
