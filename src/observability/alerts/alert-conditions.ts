import type { Condition } from './alert.ts'
import { ALERT_RULES, type AlertRule, type AlertRules } from './alerts.schema.ts'
import type { Observation } from './observation.ts'

type RuleCheck<Rule extends AlertRule> = (observed: Observation, settings: AlertRules[Rule]) => Condition[]

const MIB = 1024 * 1024

/** What is wrong by one rule. Pure: settings and what was observed. */
const CHECKS: { readonly [Rule in AlertRule]: RuleCheck<Rule> } = {
  provider_down: ({ providers }) =>
    providers.flatMap(({ id, down }) =>
      down
        ? [
            {
              rule: 'provider_down',
              subject: id,
              severity: 'critical',
              summary: `Provider ${id} is down: its circuit is open.`,
              recovery: `Provider ${id} answers again.`,
              facts: { provider: id },
            },
          ]
        : [],
    ),
  accounts_locked: ({ locked }) =>
    locked.map(({ subject, accounts, causes }) => ({
      rule: 'accounts_locked',
      subject,
      severity: 'critical',
      summary: `All ${accounts} accounts of ${subject} are locked (${causes.join(', ')}).`,
      recovery: `An account of ${subject} can be used again.`,
      facts: { accounts, causes },
    })),
  fallback_rate: ({ fallbacks: { requests, fallbacks } }, { above, min_requests: minimum, window_secs: seconds }) =>
    requests >= minimum && fallbacks / requests > above
      ? [
          {
            rule: 'fallback_rate',
            subject: '',
            severity: 'warning',
            summary: `${percent(fallbacks / requests)} of the last ${requests} calls needed another target or account (limit ${percent(above)}).`,
            recovery: `Fallbacks are back below ${percent(above)} of the calls.`,
            facts: { requests, fallbacks, window_secs: seconds },
          },
        ]
      : [],
  budget: ({ budgets }, { at }) =>
    (budgets ?? []).flatMap(({ scope, id, window, limitNanos, usedNanos }) => {
      const used = limitNanos > 0 ? usedNanos / limitNanos : 1
      const name = id === '' ? scope : `${scope} ${id}`
      return at
        .filter((threshold) => used >= threshold)
        .map((threshold) => ({
          rule: 'budget' as const,
          subject: `${scope}/${id}/${window}/${threshold}`,
          severity: threshold >= 1 ? ('critical' as const) : ('warning' as const),
          summary: `The ${window} budget of ${name} is used to ${percent(used)} (${dollars(usedNanos)} of ${dollars(limitNanos)}).`,
          recovery: `The ${window} budget of ${name} is below ${percent(threshold)} again.`,
          facts: { scope, id, window, threshold, used_usd: usedNanos / 1e9, limit_usd: limitNanos / 1e9 },
        }))
    }),
  unknown_price: ({ unpriced }) =>
    unpriced.map((target) => ({
      rule: 'unknown_price',
      subject: target,
      severity: 'warning',
      summary: `The price of ${target} is not known, so its cost is not. Set it with "switchback price set ${target}".`,
      recovery: `${target} was not used without a known price for a while.`,
      facts: { target },
    })),
  spooling: ({ spools }) =>
    spools.flatMap(({ what, waiting, dropped, failing }) =>
      failing
        ? [
            {
              rule: 'spooling',
              subject: what.replaceAll(' ', '_'),
              severity: dropped > 0 ? 'critical' : 'warning',
              summary: `${capital(what)} cannot be written: ${waiting} wait, ${dropped} are lost.`,
              recovery: `${capital(what)} are written again.`,
              facts: { waiting, dropped },
            },
          ]
        : [],
    ),
  disk_low: ({ disk }, { free_mb: least }) =>
    disk !== undefined && disk.freeBytes < least * MIB
      ? [
          {
            rule: 'disk_low',
            subject: '',
            severity: 'critical',
            summary: `Only ${Math.floor(disk.freeBytes / MIB)} MB are free at ${disk.path} (limit ${least} MB).`,
            recovery: `There is room again at ${disk.path}.`,
            facts: { path: disk.path, free_bytes: disk.freeBytes },
          },
        ]
      : [],
  replica_behind: ({ replicas }, { by_secs: most }) =>
    (replicas ?? [])
      .filter(({ behindMs }) => behindMs > most * 1000)
      .map(({ id, behindMs }) => ({
        rule: 'replica_behind',
        subject: id,
        severity: 'warning',
        summary: `Replica ${id} is ${Math.round(behindMs / 1000)} s behind the others.`,
        recovery: `Replica ${id} has caught up.`,
        facts: { replica: id, behind_ms: Math.round(behindMs) },
      })),
}

/** Everything that is wrong now. */
export function alertConditions(observed: Observation, rules: AlertRules): Condition[] {
  return ALERT_RULES.flatMap((rule) => (rules[rule].enabled ? checkOf(rule)(observed, rules[rule]) : []))
}

/** A check with settings of its own rule, which is what it is called with. */
const checkOf = (rule: AlertRule): RuleCheck<AlertRule> => CHECKS[rule] as RuleCheck<AlertRule>

const percent = (share: number): string => `${Math.round(share * 1000) / 10} %`
const dollars = (nanos: number): string => `$${(nanos / 1e9).toFixed(2)}`
const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1)
