import { GatewayError } from '../../errors/gateway-error.ts'
import type { DisableEntry, DisableOrder, DisableSubject } from './store.ts'

const MAX_REASON = 500
const MAX_BY = 200
const MAX_NAME = 512
/** A year: what lasts longer belongs into the configuration. */
const MAX_FOR_MS = 366 * 24 * 3_600_000
const MAX_CHANGES = 1_000
const DEFAULT_CHANGES = 100

/** What the order makes of its subject at `now` (Unix ms). Throws `invalid_body`, saying what is wrong and what to write. */
export function entryOf({ subject, reason, forMs, by }: DisableOrder, now: number): DisableEntry {
  checkSubject(subject)
  checkTexts(reason, by)
  if (forMs !== undefined && !(forMs > 0 && forMs <= MAX_FOR_MS))
    throw invalid(
      'The time of a disable must be more than nothing and at most 366 days. Leave it out for "until enabled".',
      'for',
    )
  const until = forMs === undefined ? undefined : now + Math.ceil(forMs)
  return { scope: subject.scope, subject, reason, until, since: now, by }
}

/** Checks an order to enable in the same way. */
export function checkTexts(reason: string | undefined, by: string): void {
  if (reason !== undefined && reason.length > MAX_REASON)
    throw invalid(`The reason has ${reason.length} characters. Keep it to ${MAX_REASON}.`, 'reason')
  if (by === '' || by.length > MAX_BY) throw invalid(`Say who orders this, in at most ${MAX_BY} characters.`, 'by')
}

/** How many changes to list. */
export const changeLimit = (limit = DEFAULT_CHANGES): number => Math.min(MAX_CHANGES, Math.max(1, Math.trunc(limit) || 1))

/** The name of the subject within its scope; empty for a provider. */
export function nameOf(subject: DisableSubject): string {
  if (subject.scope === 'provider') return ''
  return subject.scope === 'account' ? subject.account : subject.model
}

function checkSubject(subject: DisableSubject): void {
  const name = nameOf(subject)
  const isNamed = subject.scope === 'provider' || name !== ''
  if (subject.provider === '' || !isNamed) throw invalid(`Name the ${subject.scope} that is to be disabled.`, subject.scope)
  if (subject.provider.length > MAX_NAME || name.length > MAX_NAME)
    throw invalid(`The name of the ${subject.scope} is longer than ${MAX_NAME} characters. Check it.`, subject.scope)
}

const invalid = (message: string, param: string): GatewayError => new GatewayError('invalid_body', message, { param })
