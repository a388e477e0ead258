import type { Rejection } from '../../ir/decision.ts'
import type { Disabled } from '../../ir/observed.ts'
import type { Asked } from '../asked.ts'
import type { Candidate } from '../candidate.ts'
import type { HardFilter } from './filter.types.ts'

/** Nobody can call it: no provider of that name, no account with a key, or an operator took it out of use. */
export const availability: HardFilter = {
  applies: () => true,
  refuses: ({ target, observed }, { snapshot }) => {
    const provider = snapshot.providers.get(target.provider)
    return provider === undefined || provider.accounts.length === 0 || isOut(observed.disabled)
  },
  reject: ({ target, observed }, { snapshot }): Rejection => {
    const provider = snapshot.providers.get(target.provider)
    const { disabled } = observed
    if (provider === undefined)
      return { target_id: target.id, code: 'unknown_provider', reason: `provider ${target.provider} is not configured` }
    if (provider.accounts.length === 0)
      return {
        target_id: target.id,
        code: 'no_accounts',
        reason: `provider ${target.provider} has no account with a usable credential`,
      }
    const why = disabled?.reason === undefined ? '' : `: ${disabled.reason}`
    const until = disabled?.until === undefined ? '' : ` until ${new Date(disabled.until).toISOString()}`
    return {
      target_id: target.id,
      code: 'disabled',
      reason: `an operator took this ${disabled?.scope} out of use${until}${why}`,
      evidence: { scope: disabled?.scope, reason: disabled?.reason, until: disabled?.until, by: disabled?.by },
    }
  },
}

/** An account that is out of use leaves the others; it is counted in `accountsAvailable`. */
const isOut = (disabled: Disabled | undefined): boolean => disabled !== undefined && disabled.scope !== 'account'

/** The caller is confined to other providers. */
export const allowedProviders: HardFilter = {
  applies: ({ question }) => question.principal?.allowed?.providers !== undefined,
  refuses: ({ target }, asked) => !allowed(asked).includes(target.provider),
  reject: ({ target }, asked) => ({
    target_id: target.id,
    code: 'provider_not_allowed',
    reason: `the caller may not use provider ${target.provider}`,
    evidence: { allowed_providers: allowed(asked) },
  }),
}

/** The caller is confined to accounts, and none of them is the provider's. */
export const allowedAccounts: HardFilter = {
  applies: ({ question }) => question.principal?.allowed?.accounts !== undefined,
  refuses: ({ target }, asked) => !accountsOf(asked).some((name) => name.startsWith(`${target.provider}/`)),
  reject: ({ target }, asked) => ({
    target_id: target.id,
    code: 'account_not_allowed',
    reason: `the caller may use no account of provider ${target.provider}`,
    evidence: { allowed_accounts: accountsOf(asked) },
  }),
}

const accountsOf = ({ question }: Asked): readonly string[] => question.principal?.allowed?.accounts ?? []

const allowed = ({ question }: Asked): readonly string[] => question.principal?.allowed?.providers ?? []

/** Only targets whose certification is known, where the route asks for it. */
export const certification: HardFilter = {
  applies: ({ route }) => route.requirements?.certified === true,
  refuses: ({ facts }: Candidate) => facts.certified === undefined,
  reject: ({ target, facts }) => ({
    target_id: target.id,
    code: 'not_certified',
    reason: `the route asks for certified targets and ${uncertified(facts)}`,
    ...(facts.lapsed === undefined ? {} : { evidence: { certified: facts.lapsed.day, lapsed: facts.lapsed.cause } }),
  }),
}

function uncertified({ lapsed }: Candidate['facts']): string {
  if (lapsed === undefined) return 'this one has not been certified'
  const why = { age: 'is too old', endpoint: 'was of another address, type or format of its provider' }
  return `the certification of this one, of ${lapsed.day}, ${why[lapsed.cause]}`
}
