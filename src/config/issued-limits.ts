import type { z } from 'zod'
import { GatewayError } from '../errors/gateway-error.ts'
import type { JsonObject } from '../ir/json.ts'
import type { LimitScope, SubjectLimits } from '../ir/limits.ts'
import { budget, callerLimits } from '../lib/limit-fields.ts'
import { nearest } from '../lib/nearest.ts'
import { subjectLimits, type LimitDefaults } from './compile-limits.ts'

/** Limits that were set while the gateway runs, in the words of the configuration. */
export interface IssuedLimits {
  readonly limits?: JsonObject | undefined
  readonly budget?: JsonObject | undefined
}

const SCHEMAS = { limits: callerLimits, budget } as const

/** Checks `limits` or `budget` as somebody wrote it. Throws `invalid_body` naming the first field that is no good. */
export function readIssuedLimits(field: keyof IssuedLimits, value: unknown): JsonObject {
  const result = SCHEMAS[field].safeParse(value)
  if (result.success && result.data !== undefined) return value as JsonObject
  const [issue] = result.error?.issues ?? []
  const place = [field, ...(issue?.path ?? [])].map(String).join('.')
  throw new GatewayError(
    'invalid_body',
    issue === undefined ? `\`${field}\` must be an object.` : problemOf(field, place, issue),
    {
      param: field,
    },
  )
}

function problemOf(field: keyof IssuedLimits, place: string, issue: z.core.$ZodIssue): string {
  if (issue.code !== 'unrecognized_keys') return `\`${place}\`: expected ${issue.message}.`
  const [key = ''] = issue.keys
  const close = nearest(key, Object.keys(SCHEMAS[field].unwrap().shape))
  const hint = close === undefined ? 'docs/guides/limits.md lists what there is.' : `Did you mean ${close}?`
  return `\`${place}\` has no \`${key.slice(0, 100)}\`. ${hint}`
}

/** What `readIssuedLimits` let through, as rules; undefined when it limits nothing. */
export function issuedSubjectLimits(
  scope: LimitScope,
  subject: string,
  { limits, budget: money }: IssuedLimits,
  defaults: LimitDefaults,
): SubjectLimits | undefined {
  return subjectLimits(
    { scope, subject, limits: callerLimits.parse(limits ?? undefined), budget: budget.parse(money ?? undefined) },
    defaults,
  )
}
