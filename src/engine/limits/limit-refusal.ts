import { nanoToUsd } from '../../catalog/prices/usd.ts'
import type { ErrorCode } from '../../errors/codes.ts'
import { GatewayError } from '../../errors/gateway-error.ts'
import type { BudgetPeriod, LimitRule } from '../../ir/limits.ts'
import type { Claim, RefusedClaim } from '../../state/limits/store.ts'

/** A rule that refuses, what was asked of it, and why it does not fit. */
export interface RefusedRule {
  readonly rule: LimitRule
  readonly amount: number
  readonly claim: Omit<RefusedClaim, 'index'>
}

/** The rules that refuse, out of those that were asked with these claims. */
export const refusedRules = (
  rules: readonly LimitRule[],
  claims: readonly Claim[],
  refused: readonly RefusedClaim[],
): RefusedRule[] => refused.map((claim) => ({ rule: rules[claim.index]!, amount: claims[claim.index]!.amount, claim }))

/** When held money may come back, calls end within seconds. */
const HELD_RETRY_MS = 5_000
const BUSY_RETRY_MS = 1_000

/** The one refusal to tell out of several: the one that lasts longest, because all of them have to pass. */
export function worstRefusal(refused: readonly RefusedRule[], wall: number): RefusedRule {
  const lasts = (one: RefusedRule): number => waitOf(one, wall) ?? Infinity
  return refused.reduce((worst, one) => (lasts(one) > lasts(worst) ? one : worst))
}

/** Milliseconds until it fits; undefined when no time makes it fit. */
function waitOf({ rule, amount, claim }: RefusedRule, wall: number): number | undefined {
  if (rule.measure === 'concurrency') return BUSY_RETRY_MS
  const untilReset = claim.fitsAt === undefined ? undefined : Math.max(0, claim.fitsAt - wall)
  const isOnlyHeld = rule.measure === 'usd' && claim.used - claim.held + amount <= rule.limit
  return isOnlyHeld ? Math.min(HELD_RETRY_MS, untilReset ?? HELD_RETRY_MS) : untilReset
}

/** What somebody is told who is over a limit. Numbers and configured names only. */
export function limitRefusal(one: RefusedRule, code: ErrorCode, wall: number): GatewayError {
  const { rule, claim } = one
  const retryAfterMs = waitOf(one, wall)
  const resetAt = claim.fitsAt ?? claim.resetAt
  return new GatewayError(code, `${stateOf(one)} ${adviceOf(one, retryAfterMs, wall)}`, {
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
    details: {
      limit: {
        scope: rule.scope,
        subject: rule.subject,
        measure: rule.measure,
        ...(rule.measure === 'usd'
          ? {
              period: rule.period,
              limit_usd: rule.limit / 1e9,
              spent_usd: (claim.used - claim.held) / 1e9,
              held_usd: claim.held / 1e9,
            }
          : { limit: rule.limit, used: claim.used }),
        resets_at: resetAt === undefined ? null : new Date(resetAt).toISOString(),
      },
    },
  })
}

function stateOf({ rule, amount, claim }: RefusedRule): string {
  const whose = ownerOf(rule)
  switch (rule.measure) {
    case 'requests':
      return `${whose} limit of ${rule.limit} requests a minute is reached.`
    case 'tokens':
      return `${whose} limit of ${rule.limit} tokens a minute is reached: ${claim.used} are used, and this call needs about ${amount}.`
    case 'concurrency':
      return `${whose} limit of ${rule.limit} calls at once is reached.`
    case 'usd': {
      const budget = `${whose} ${PERIODS[rule.period]} of $${shown(rule.limit)}`
      const spent = claim.used - claim.held
      if (spent >= rule.limit) return `${budget} is spent ($${shown(spent)}).`
      const held = claim.held === 0 ? '' : ` and $${shown(claim.held)} held for calls under way`
      return `${budget} does not cover this call: $${shown(spent)} spent${held}, about $${shown(amount)} needed.`
    }
  }
}

function adviceOf({ rule }: RefusedRule, retryAfterMs: number | undefined, wall: number): string {
  if (retryAfterMs === undefined)
    return rule.measure === 'usd' ? 'Ask the operator of this gateway to raise it.' : 'A smaller call may fit.'
  const seconds = Math.ceil(retryAfterMs / 1000)
  const instant =
    rule.measure === 'usd' && seconds > 60 ? ` at ${new Date(wall + retryAfterMs).toISOString()}` : ` in ${seconds} s`
  return `There is room again${instant}.`
}

function ownerOf({ scope, subject }: LimitRule): string {
  if (scope === 'global') return "The gateway's"
  if (scope === 'key') return "This key's"
  return `The ${scope} ${scope === 'project' ? subject.slice(subject.indexOf('/') + 1) : subject}'s`
}

const PERIODS: Readonly<Record<BudgetPeriod, string>> = {
  total: 'budget',
  day: 'daily budget',
  week: 'weekly budget',
  month: 'monthly budget',
}

/** Dollars for people: four decimals say enough. */
const shown = (nanos: number): string => nanoToUsd(Math.round(nanos / 1e5) * 1e5)

/** Nobody knows what the model costs, and the caller has a budget: the command that changes that. */
export const priceRequired = (target: string): GatewayError =>
  new GatewayError(
    'price_required',
    `The price of ${target} is not known, and this call is under a budget. Ask the operator to set it: switchback price set ${quoted(target)} --input <USD per million tokens> --output <USD per million tokens>`,
    { target },
  )

/** Nobody can tell what the call uses, and somebody has a budget. */
export const unmeteredRefused = (target: string): GatewayError =>
  new GatewayError(
    'unmetered_refused',
    `This call is under a budget, and what ${target} uses cannot be told. Ask the operator to allow it: budget.unmetered: allow for this key, its tenant or the provider.`,
    { target },
  )

/** As a shell takes it. */
const quoted = (text: string): string => (/^[\w./:@-]+$/.test(text) ? text : `'${text.replaceAll("'", String.raw`'\''`)}'`)
