import type { JsonObject } from '../../ir/json.ts'
import type { AllowList, PrincipalRole } from '../../ir/principal.ts'
import type { TenancyKind } from '../../state/tenancy/store.ts'
import { type BodyFields, invalidField } from '../body-fields.ts'
import { readAllowed } from './read-allowed.ts'
import { readEnd } from './read-time.ts'
import type { TenancyParts } from './tenancy-parts.ts'

export const LONGEST_NAME = 200
const LONGEST_REASON = 500
/** An e-mail address is a fine name for an owner; a slash is not, because projects are named `tenant/project`. */
const ID = /^[A-Za-z0-9][A-Za-z0-9._@+-]{0,127}$/

/** What a key may be given when it is made, and changed to afterwards. */
export const KEY_TERMS = ['name', 'role', 'allowed', 'limits', 'expires'] as const

export interface KeyTerms {
  readonly name?: string | undefined
  readonly role?: PrincipalRole
  readonly allowed?: AllowList | undefined
  readonly limits?: JsonObject | undefined
  readonly expiresAt?: number | undefined
}

/** Reads the terms that are there; one that is `null` comes back as undefined, which takes it away. */
export function readKeyTerms(parts: Pick<TenancyParts, 'clock' | 'known' | 'readLimits'>, fields: BodyFields): KeyTerms {
  return {
    ...(fields.has('name') ? { name: fields.text('name', LONGEST_NAME) } : {}),
    ...(fields.has('role') ? { role: readRole(fields) } : {}),
    ...(fields.has('allowed') ? { allowed: given(fields, 'allowed', (value) => readAllowed(value, parts.known())) } : {}),
    ...(fields.has('limits') ? { limits: readLimits(parts, fields, 'key') } : {}),
    ...(fields.has('expires') ? { expiresAt: readEnd(fields, 'expires', parts.clock.wall()) } : {}),
  }
}

/** Limits as whoever enforces them wants them. Nothing is kept that nobody would enforce. */
export function readLimits(
  { readLimits: read }: Pick<TenancyParts, 'readLimits'>,
  fields: BodyFields,
  kind: TenancyKind,
): JsonObject | undefined {
  return given(fields, 'limits', (value) => {
    if (read !== undefined) return read(value, kind)
    throw invalidField('This gateway enforces no limits, so it takes none. Leave `limits` out.', 'limits')
  })
}

/** The id of a new tenant, project or owner, or the name of one. */
export function readId(fields: BodyFields, name: string): string | undefined {
  const id = fields.text(name, 128)
  if (id === undefined || ID.test(id)) return id
  throw invalidField(`\`${name}\` must be a name of letters, digits and . _ @ + - that begins with a letter or digit.`, name)
}

/** As `readId`, of a field that has to be there. */
export function requireId(fields: BodyFields, name: string): string {
  const id = readId(fields, name)
  if (id === undefined) throw invalidField(`Name the ${name}: \`${name}\` is missing.`, name)
  return id
}

export const readReason = (fields: BodyFields): string | undefined => fields.text('reason', LONGEST_REASON)

function readRole(fields: BodyFields): PrincipalRole {
  const role = fields.value('role') ?? 'client'
  if (role === 'client' || role === 'operator' || role === 'admin') return role
  throw invalidField('`role` must be client, operator or admin.', 'role')
}

function given<Value>(fields: BodyFields, name: string, read: (value: unknown) => Value): Value | undefined {
  const value = fields.value(name)
  return value === undefined ? undefined : read(value)
}
