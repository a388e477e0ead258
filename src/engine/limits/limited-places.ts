import type { LimitRule, LimitSettings } from '../../ir/limits.ts'
import type { Limited } from '../../ir/observed.ts'
import { NO_RULES, ruleSetOf, type RuleSet } from './caller-rules.ts'
import type { RuleStanding } from './limiter.ts'

interface Block {
  readonly limited: Omit<Limited, 'resetMs'>
  /** Unix milliseconds; Infinity when no time ends it. */
  readonly until: number
}

/**
 * The limits of providers and accounts, and which of them are known to be used up, so that decisions can pass over a place without asking
 * a store.
 */
export class LimitedPlaces {
  private settings: Pick<LimitSettings, 'providers' | 'accounts'>
  private readonly accountsOf: (provider: string) => readonly string[]
  /** Bounded by the configuration. */
  private readonly ruleSets = new Map<string, RuleSet>()
  /** By `provider` or `provider/account`. */
  private readonly blocks = new Map<string, Block>()

  constructor(settings: Pick<LimitSettings, 'providers' | 'accounts'>, accountsOf: (provider: string) => readonly string[]) {
    this.settings = settings
    this.accountsOf = accountsOf
  }

  /** Takes other limits. Everything is looked at anew: one that was used up may have been raised. */
  configure(settings: Pick<LimitSettings, 'providers' | 'accounts'>): void {
    this.settings = settings
    this.ruleSets.clear()
    this.blocks.clear()
  }

  get isEmpty(): boolean {
    return this.settings.providers.size === 0 && this.settings.accounts.size === 0
  }

  rulesOf(provider: string, account: string): RuleSet {
    if (this.isEmpty) return NO_RULES
    const name = `${provider}/${account}`
    let rules = this.ruleSets.get(name)
    if (rules === undefined) {
      const subjects = [this.settings.providers.get(provider), this.settings.accounts.get(name)]
      rules = ruleSetOf(subjects.filter((limits) => limits !== undefined)) ?? NO_RULES
      this.ruleSets.set(name, rules)
    }
    return rules
  }

  /** Remembers a place whose limit is used up by what was counted. What is only held may come back any moment. */
  note({ rule, used, held, resetAt }: RuleStanding): void {
    if (!isPlace(rule) || rule.measure === 'concurrency' || used - held < rule.limit) return
    const { scope, subject, measure, limit } = rule
    const period = rule.measure === 'usd' ? rule.period : undefined
    this.blocks.set(subject, {
      limited: { scope, subject, measure, period, limit, used: used - held },
      until: resetAt ?? Infinity,
    })
  }

  /** What keeps all calls from the provider; undefined when one of its accounts may be used. */
  limitedBy(provider: string, wall: number): Limited | undefined {
    if (this.blocks.size === 0) return undefined
    const own = this.blockOf(provider, wall)
    if (own !== undefined) return told(own, wall)
    let first: Block | undefined
    for (const account of this.accountsOf(provider)) {
      const block = this.blockOf(`${provider}/${account}`, wall)
      if (block === undefined) return undefined
      if (first === undefined || block.until < first.until) first = block
    }
    return first === undefined ? undefined : told(first, wall)
  }

  /** Milliseconds, Infinity for ever; undefined when the account may be used. */
  accountBlockedMs(provider: string, account: string, wall: number): number | undefined {
    if (this.blocks.size === 0) return undefined
    const block = this.blockOf(`${provider}/${account}`, wall)
    return block === undefined ? undefined : block.until - wall
  }

  private blockOf(name: string, wall: number): Block | undefined {
    const block = this.blocks.get(name)
    if (block === undefined || block.until > wall) return block
    this.blocks.delete(name)
    return undefined
  }
}

function isPlace(rule: LimitRule): rule is LimitRule & { readonly scope: 'provider' | 'account' } {
  return rule.scope === 'provider' || rule.scope === 'account'
}

const told = ({ limited, until }: Block, wall: number): Limited => ({
  ...limited,
  resetMs: until === Infinity ? undefined : until - wall,
})
