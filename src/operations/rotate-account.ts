import type { CompiledConfig } from '../config/compile.ts'
import type { AccountPool } from '../credentials/account-pool.ts'
import { GatewayError } from '../errors/gateway-error.ts'
import type { OwnCalls } from '../engine/ledger/own-calls.ts'
import type { RoutingSnapshot } from '../ir/snapshot.ts'
import type { Clock } from '../lib/clock.ts'
import type { InTurn } from '../lib/in-turn.ts'
import { replaceFile } from '../lib/replace-file.ts'
import { Secret } from '../lib/secret.ts'
import type { AccountSettings } from '../providers/provider.settings.schema.ts'
import { VAULT_KEY_VARIABLE } from '../vault/vault-key.ts'
import { audited, type AuditParts, type Origin } from './audited.ts'
import { BodyFields, invalidField } from './body-fields.ts'
import { nameOfSubject, requireSubject, type AccountSubject } from './disable-subject.ts'
import type { KeepKey, KeptKeys } from './kept-keys.ts'
import type { LiveConfig } from './live-config.ts'
import type { RotatedKey } from './rotated-keys.ts'
import { tryKey } from './try-key.ts'

/** What rotating works on. */
export interface RotationParts {
  readonly live: Pick<LiveConfig, 'config' | 'rotation' | 'useKeys' | 'trial' | 'pooled'>
  readonly snapshot: () => Pick<RoutingSnapshot, 'providers' | 'targets'>
  readonly accounts: Pick<AccountPool, 'configure' | 'reset'>
  readonly clock: Pick<Clock, 'now' | 'sleep'>
  readonly ownCalls: Pick<OwnCalls, 'refusal' | 'ended'>
  /** Stores a secret in the vault that the configuration names. */
  readonly keepInVault: (config: CompiledConfig, name: string, secret: Secret) => Promise<void>
  /** Keys that outlive the process; undefined when the state does not. */
  readonly keptKeys: Pick<KeptKeys, 'keeper'> | undefined
  /** Keys are kept and taken into use one after the other: of two that come at once the one that is kept is the one that is used. */
  readonly turns: Pick<InTurn, 'run'>
}

export interface RotationOrder {
  readonly secret: Secret
  /** Whether the upstream is asked first. */
  readonly check: boolean
  /** Model to ask; else the first that the configuration names. */
  readonly model: string | undefined
}

/** The answer to whoever rotated. */
export interface Rotated {
  /** Name of the account. */
  readonly rotated: string
  readonly checked: boolean
  /** Where the next start finds the key. `state`: sealed, beside all else; `memory`: nowhere, it is used until this gateway ends. */
  readonly kept_in: 'file' | 'vault' | 'state' | 'memory'
  /** Locks that were released. */
  readonly released: number
  /** What is left to do. */
  readonly notice?: string | undefined
}

/** No key is longer. */
const MOST_CHARACTERS = 16 * 1024

/** Reads `{"secret": "…", "check": true, "model": "…"}`. Throws `invalid_body`, which never shows the secret. */
export function readRotationOrder(body: unknown): RotationOrder {
  const fields = new BodyFields(body, ['secret', 'check', 'model'])
  const secret = fields.value('secret')
  if (typeof secret !== 'string' || secret.trim() === '') throw invalidField('`secret` must be the new key, as a text.', 'secret')
  const key = secret.trim()
  if (key.length > MOST_CHARACTERS || !/^[\x21-\x7e]+$/.test(key))
    throw invalidField(
      '`secret` holds what no header can carry: spaces, line breaks, characters beyond ASCII, or too much.',
      'secret',
    )
  return {
    secret: new Secret(key),
    check: fields.value('check') === undefined || fields.flag('check'),
    model: fields.text('model', 256),
  }
}

/**
 * Gives an account another key: tried with one cheap call, kept where the configuration has its key from or else sealed in the state, used
 * from the next request on by every gateway of that state, and the account's locks released. What runs with the old key goes on. Throws `subject_not_found`, `invalid_body`, what the upstream says of
 * the key, `config_invalid` when the gateways that share the state have no key to seal it with, or `state_unavailable` when it cannot be kept;
 * then nothing has changed.
 */
export async function rotateAccount(
  parts: RotationParts,
  { audit, origin }: { readonly audit: AuditParts; readonly origin: Origin },
  subject: AccountSubject,
  order: RotationOrder,
): Promise<Rotated> {
  requireSubject(parts.snapshot(), subject)
  const account = accountOf(parts, subject)
  const deed = {
    action: 'account.rotate',
    subject: { kind: 'account', id: nameOfSubject(subject) },
    details: { checked: order.check },
  }
  return audited(audit, origin, deed, async () => {
    const place = await placeFor(parts, account)
    if (order.check) await tried(parts, subject, order)
    const taken = await parts.turns.run(() => takenOver(parts, { subject, place, secret: order.secret }))
    return { rotated: nameOfSubject(subject), checked: order.check, ...taken }
  })
}

interface NewKey {
  readonly subject: AccountSubject
  readonly place: KeyPlace
  readonly secret: Secret
}

async function takenOver(
  parts: RotationParts,
  { subject: { provider, account }, place, secret }: NewKey,
): Promise<Kept & Pick<Rotated, 'released'>> {
  const rotated = parts.live.rotation(provider, account, secret)
  const kept = await keepAt(parts, place, rotated)
  // Whoever reads its key from a file sees the new one by itself.
  if (place.kind !== 'file') {
    parts.live.useKeys([rotated])
    parts.accounts.configure(parts.live.pooled)
  }
  return { ...kept, released: parts.accounts.reset(provider, account) }
}

function accountOf({ live }: RotationParts, { provider, account: id }: AccountSubject): AccountSettings {
  const account = live.config.providers
    .find((settings) => settings.id === provider)
    ?.accounts.find((candidate) => candidate.id === id)
  if (account === undefined)
    throw new GatewayError('subject_not_found', `Account ${provider}/${id} is not in use: its key was missing at the start.`)
  const { credential } = account
  if (credential !== undefined && credential.kind !== 'key_file')
    throw new GatewayError(
      'invalid_body',
      `Account ${provider}/${id} has no key: it logs in (${credential.kind}). Change what it logs in with where the configuration has it from; a running gateway takes that over.`,
    )
  if (credential === undefined && account.apiKey === undefined)
    throw new GatewayError('invalid_body', `Account ${provider}/${id} sends no key, so there is none to replace.`)
  return account
}

async function tried({ live, snapshot, ...parts }: RotationParts, subject: AccountSubject, order: RotationOrder): Promise<void> {
  const { provider, account } = subject
  const model = order.model ?? snapshot().targets.find((target) => target.provider === provider)?.model
  if (model === undefined)
    throw invalidField(`The configuration names no model of ${provider} to try the key with. Give one as \`model\`.`, 'model')
  const trial = live.trial(provider, account, order.secret)
  const failure = trial === undefined ? undefined : await tryKey(trial, model, parts)
  if (failure === undefined) return
  throw new GatewayError(failure.code, `The new key was tried with ${provider}/${model} and not taken over. ${failure.message}`, {
    cause: failure,
    provider,
  })
}

/** Where a key is kept, so that the next start and the other gateways find it. */
type KeyPlace =
  | { readonly kind: 'file'; readonly path: string }
  /** `share` tells gateways that have the vault in another file. */
  | { readonly kind: 'vault'; readonly name: string; readonly share: KeepKey | undefined }
  /** `from` is where the configuration has the old one from. */
  | { readonly kind: 'state'; readonly from: string; readonly keep: KeepKey }
  | { readonly kind: 'memory'; readonly from: string }

async function placeFor({ live, keptKeys }: RotationParts, { credential, keptIn }: AccountSettings): Promise<KeyPlace> {
  if (credential?.kind === 'key_file') return { kind: 'file', path: credential.path }
  const isShared = live.config.state.shared !== undefined
  if (keptIn?.kind === 'vault')
    return { kind: 'vault', name: keptIn.name, share: isShared ? await keptKeys?.keeper() : undefined }
  const from = keptIn?.kind === 'variable' ? `the environment variable ${keptIn.name}` : 'the configuration'
  const keep = await keptKeys?.keeper()
  if (keep !== undefined) return { kind: 'state', from, keep }
  if (!isShared) return { kind: 'memory', from }
  throw new GatewayError(
    'config_invalid',
    `The key of this account stands in ${from}, and without a vault key the gateways that share the state cannot hand each other a new one: nothing was changed. Set ${VAULT_KEY_VARIABLE} to the same secret key at all of them ("switchback vault keygen" makes one) and start them again, or have the account read its key from a file (key_file).`,
  )
}

type Kept = Pick<Rotated, 'kept_in' | 'notice'>

async function keepAt({ live, keepInVault }: RotationParts, place: KeyPlace, rotated: RotatedKey): Promise<Kept> {
  switch (place.kind) {
    case 'file':
      keepInFile(place.path, rotated.key)
      return { kept_in: 'file' }
    case 'vault':
      await keepInVault(live.config, place.name, rotated.key)
      return { kept_in: 'vault', ...(await shared(place.share, rotated)) }
    case 'state':
      await place.keep(rotated)
      return {
        kept_in: 'state',
        notice: `The old key still stands in ${place.from}, and is not used any more by any gateway of this state. Put another one there when it suits you: it then counts again.`,
      }
    case 'memory':
      return {
        kept_in: 'memory',
        notice: `The old key still stands in ${place.from}. Replace it there before the next start; a file (key_file), the vault, or a vault key (${VAULT_KEY_VARIABLE}) would keep the new one.`,
      }
  }
}

/** The vault has it already, so what follows fails nothing. */
async function shared(share: KeepKey | undefined, rotated: RotatedKey): Promise<Pick<Rotated, 'notice'>> {
  try {
    await share?.(rotated)
    return {}
  } catch (error) {
    if (!(error instanceof GatewayError)) throw error
    return { notice: `Gateways that do not read this vault could not be told: ${error.message}` }
  }
}

function keepInFile(path: string, secret: Secret): void {
  try {
    replaceFile(path, `${secret.reveal()}\n`)
  } catch (cause) {
    const reason = cause instanceof Error && 'code' in cause ? String(cause.code) : 'unknown'
    throw new GatewayError(
      'state_unavailable',
      `The file with the key cannot be replaced (${reason}). Nothing was changed. Put the key there by other means: it is read again when the file changes.`,
      { cause },
    )
  }
}
