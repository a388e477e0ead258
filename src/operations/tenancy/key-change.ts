import { GatewayError } from '../../errors/gateway-error.ts'
import type { JsonObject } from '../../ir/json.ts'
import { hashOfIssuedKey, newIssuedKey } from '../../lib/issued-key.ts'
import type { IssuedKeyEntity, TenancyKind } from '../../state/tenancy/store.ts'
import { actorName, type Origin } from '../audited.ts'
import { BodyFields, invalidField } from '../body-fields.ts'
import { changeEntity } from './change-entity.ts'
import { KEY_TERMS, readKeyTerms, readReason } from './read-key-fields.ts'
import { readGrace } from './read-time.ts'
import type { TenancyParts } from './tenancy-parts.ts'
import { keyView, type KeyView } from './tenancy-views.ts'

/** As long as it usually takes to hand a new secret to everything that uses it. */
const GRACE_MS = 24 * 3_600_000

export interface ChangedKey {
  readonly key: KeyView
  /** False when it was so before: then nothing is noted. */
  readonly changed: boolean
}

/** Gives a key other terms: fields that are there replace, `null` takes away. The next call that comes with it is judged by them. */
export async function changeKey(parts: TenancyParts, origin: Origin, id: string, body: unknown): Promise<ChangedKey> {
  const fields = new BodyFields(body, KEY_TERMS)
  const terms = readKeyTerms(parts, fields)
  if (Object.keys(terms).length === 0) throw invalidField(`Say what is to change: ${KEY_TERMS.join(', ')}.`)
  const details = JSON.parse(JSON.stringify(terms, (_name, value: unknown) => value ?? null)) as JsonObject
  return changed(parts, origin, {
    id,
    action: 'key.change',
    details,
    next(key) {
      refuseRevoked(key)
      return terms
    },
  })
}

/** A new secret for a key. The one before stays valid for `grace` (24h when not given), and no longer than that. */
export async function rotateKey(
  parts: TenancyParts,
  origin: Origin,
  id: string,
  body: unknown,
): Promise<ChangedKey & { readonly secret: string }> {
  const fields = new BodyFields(body, ['grace'])
  const graceMs = readGrace(fields, 'grace', GRACE_MS)
  const now = Math.floor(parts.clock.wall())
  let text = ''
  const result = await changed(parts, origin, {
    id,
    action: 'key.rotate',
    details: { grace_ms: graceMs },
    next(key) {
      refuseRevoked(key)
      if (key.secret === undefined)
        throw new GatewayError(
          'tenancy_conflict',
          `The key ${id} waits for its invitation to be taken. There is no secret to replace.`,
        )
      text = newIssuedKey('key', key.id, parts.random)
      const secret = { sha256: hashOfIssuedKey(text), since: now }
      return { secret, previous: graceMs === 0 ? undefined : { ...key.secret, validUntil: now + graceMs } }
    },
  })
  return { ...result, secret: text }
}

/** What ends a key, for good or for a time, and what takes that back. */
export type KeySwitch = 'revoke' | 'disable' | 'enable'

/** Ends a key for good, takes it out of use, or puts it back. Calls under way end too, unless they may `drain`. */
export async function switchKey(
  parts: TenancyParts,
  origin: Origin,
  { id, action, body }: { readonly id: string; readonly action: KeySwitch; readonly body: unknown },
): Promise<ChangedKey> {
  const { ending, details } = readEnding(parts, origin, action, body)
  return changed(parts, origin, {
    id,
    action: `key.${action}`,
    details,
    next(key) {
      if (action === 'revoke') return key.revoked === undefined ? { revoked: ending } : undefined
      refuseRevoked(key)
      if (action === 'enable') return key.disabled === undefined ? undefined : { disabled: undefined }
      return key.disabled === undefined ? { disabled: ending } : undefined
    },
  })
}

/** Why something ends, and whether calls under way are spared. */
export function readEnding(parts: Pick<TenancyParts, 'clock'>, { actor }: Origin, action: KeySwitch, body: unknown) {
  const fields = new BodyFields(body, action === 'enable' ? ['reason'] : ['reason', 'drain'])
  const reason = readReason(fields)
  const drain = fields.flag('drain') ? (true as const) : undefined
  const ending = { at: Math.floor(parts.clock.wall()), by: actorName(actor), reason, drain }
  return { ending, details: { reason, drain } }
}

interface KeyChange {
  readonly id: string
  readonly action: string
  readonly details: JsonObject
  readonly next: (key: IssuedKeyEntity) => Partial<IssuedKeyEntity> | undefined
}

async function changed(parts: TenancyParts, origin: Origin, change: KeyChange): Promise<ChangedKey> {
  const kind = 'key' satisfies TenancyKind
  const { entity, changed: isChanged } = await changeEntity(parts, origin, { kind, ...change })
  return { key: keyView(entity, parts.clock.wall()), changed: isChanged }
}

function refuseRevoked({ id, revoked }: IssuedKeyEntity): void {
  if (revoked === undefined) return
  throw new GatewayError(
    'tenancy_conflict',
    `The key ${id} is revoked, and that is for good. Issue another one: switchback key create.`,
  )
}
