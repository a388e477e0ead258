import { timingSafeEqual } from 'node:crypto'
import { GatewayError } from '../../errors/gateway-error.ts'
import { hashOfIssuedKey, newIssuedKey, parseIssuedKey } from '../../lib/issued-key.ts'
import type { IssuedKeyEntity } from '../../state/tenancy/store.ts'
import type { Origin } from '../audited.ts'
import { BodyFields } from '../body-fields.ts'
import { changeEntity } from './change-entity.ts'
import type { TenancyParts } from './tenancy-parts.ts'
import { keyView, type KeyView } from './tenancy-views.ts'

/**
 * Takes an invitation: makes the secret of its key and shows it, once. Whoever issued the key has never seen it. Throws `invalid_api_key` for
 * an invitation that is no good, whatever the reason, and `api_key_mistyped` for one that was cut off.
 */
export async function redeemInvitation(
  parts: TenancyParts,
  origin: Origin,
  body: unknown,
): Promise<{ readonly key: KeyView; readonly secret: string }> {
  const shown = new BodyFields(body, ['invitation']).text('invitation', 200) ?? ''
  const parsed = parseIssuedKey(shown)
  if (parsed?.kind !== 'invitation')
    throw new GatewayError(
      'api_key_mistyped',
      'This is no invitation (`sbi_…`), or it is cut off or mistyped. Copy it again, whole.',
    )
  const now = Math.floor(parts.clock.wall())
  const found = await parts.store.get('key', parsed.id)
  if (found === undefined || !isGood(found, shown, now)) throw refused()
  let secret = ''
  const { entity } = await changeEntity(parts, ownerOf(found, origin), {
    kind: 'key',
    id: parsed.id,
    action: 'key.redeem',
    next(key) {
      // Somebody else may have taken it in the same moment.
      if (!isGood(key, shown, now)) throw refused()
      secret = newIssuedKey('key', key.id, parts.random)
      return { invitation: undefined, secret: { sha256: hashOfIssuedKey(secret), since: now } }
    },
  })
  return { key: keyView(entity, now), secret }
}

function isGood({ invitation, revoked, disabled, expiresAt }: IssuedKeyEntity, shown: string, now: number): boolean {
  const isSame = timingSafeEqual(Buffer.from(hashOfIssuedKey(shown)), Buffer.from(invitation?.sha256 ?? '0'.repeat(64)))
  const isUsable = revoked === undefined && disabled === undefined && (expiresAt === undefined || expiresAt > now)
  return isSame && isUsable && (invitation?.validUntil ?? 0) > now
}

/** The invitation itself says who it is for. */
const ownerOf = ({ id, owner, role, tenant }: IssuedKeyEntity, { source }: Origin): Origin => ({
  actor: { kind: 'key', id, owner, role, tenant },
  source,
})

const refused = (): GatewayError =>
  new GatewayError(
    'invalid_api_key',
    'This invitation is not valid: it was taken already, its time is over, or it never was one of this gateway. Ask for a new one.',
  )
