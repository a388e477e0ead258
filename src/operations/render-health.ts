import { timeSpanText } from '../lib/time-span.ts'
import type { DisabledView, DisableView } from './disable-views.ts'
import { errorPhrase } from './error-phrases.ts'
import type { HealthView, ProviderStateView, ReplicaView, TargetStateView } from './health-view.ts'
import { durationWords, plural, safeText } from './story-words.ts'

/** What is not known, or not the case. */
const NOTHING = '-'

type Column = readonly [title: string, cell: (target: TargetStateView, now: number) => string]

const COLUMNS: readonly Column[] = [
  ['TARGET', ({ id }) => safeText(id)],
  ['CIRCUIT', ({ circuit }) => circuit.replace('_', ' ')],
  ['IN FLIGHT', ({ in_flight: calls, max_concurrency: most }) => (most === undefined ? String(calls) : `${calls} of ${most}`)],
  ['TTFT', ({ ttft_ms: ms }) => (ms === undefined ? NOTHING : durationWords(ms))],
  ['OK', ({ outcome }) => percent(outcome?.['success_rate'])],
  ['DEMOTED', ({ outcome }) => (typeof outcome?.['demoted'] === 'string' ? outcome['demoted'] : NOTHING)],
  ['DISABLED', ({ disabled }, now) => (disabled === undefined ? NOTHING : untilText(disabled, now))],
  ['ACCOUNTS', ({ accounts_usable: usable, accounts_total: total }) => `${usable} of ${total}`],
]

/** The state of targets as a table, and below it what keeps accounts, circuits and subjects from being used. `now` in Unix ms. */
export function renderHealth({ providers, targets, disables, replicas, coordination }: HealthView, now: number): string {
  const rows = targets.map((target) => COLUMNS.map(([, cell]) => cell(target, now)))
  const broken = new Set(providers.filter(({ circuit }) => circuit === 'open').map(({ id }) => id))
  const notes = [
    ...providers.flatMap(circuitNotes),
    ...targets.filter(({ provider }) => !broken.has(provider)).flatMap(targetNotes),
    ...providers.flatMap(lockNotes),
    ...providers.flatMap(loginNotes),
    ...disables.map((entry) => disableNote(entry, now)),
    ...replicaNotes(replicas ?? [], coordination),
  ]
  const table = rows.length === 0 ? ['The configuration names no target.'] : tableOf([COLUMNS.map(([title]) => title), ...rows])
  return [...table, ...(notes.length === 0 ? [] : ['', ...notes])].join('\n')
}

function tableOf(rows: readonly (readonly string[])[]): string[] {
  const widths = COLUMNS.map((_column, index) => Math.max(...rows.map((row) => row[index]?.length ?? 0)))
  return rows.map((row) =>
    row
      .map((cell, index) => cell.padEnd(widths[index] ?? 0))
      .join('  ')
      .trimEnd(),
  )
}

const percent = (share: unknown): string => (typeof share === 'number' ? `${Math.floor(share * 100)} %` : NOTHING)

/** The gateways that share the state, and whether they hear of each other. */
function replicaNotes(replicas: readonly ReplicaView[], coordination: HealthView['coordination']): string[] {
  if (coordination === undefined) return []
  const own = replicas.find(({ self }) => self)
  const names = replicas.map(({ host, pid, config_hash: hash, revision }) => {
    const isOdd = own !== undefined && hash !== own.config_hash
    return `${safeText(host)}/${pid}${isOdd ? ` (another configuration${revision === undefined ? '' : `, revision ${revision}`})` : ''}`
  })
  const lost = coordination.lost === 0 ? '' : `, ${plural(coordination.lost, 'announcement')} lost`
  const link = coordination.connected ? '' : `; they cannot be reached now, this is who was there last${lost}`
  return [`replicas: ${names.join(', ')}${link}`]
}

/** The whole provider is left out. */
const circuitNotes = ({ id, circuit, recovery_ms: ms }: ProviderStateView): string[] =>
  circuit === 'closed' ? [] : [`provider ${safeText(id)}: circuit ${circuit.replace('_', ' ')}${nextTry(ms)}`]

const targetNotes = ({ id, circuit, recovery_ms: ms }: TargetStateView): string[] =>
  circuit === 'open' ? [`${safeText(id)}: circuit open${nextTry(ms)}`] : []

const nextTry = (ms: number | undefined): string => (ms === undefined ? '' : `, next try in ${durationWords(ms)}`)

const MOST_LOCKS = 5

function lockNotes({ id: provider, accounts }: ProviderStateView): string[] {
  return accounts.flatMap(({ id, locks }) => {
    const name = safeText(`${provider}/${id}`)
    const told = locks.slice(0, MOST_LOCKS).map(({ model, error_code: code, retry_after_ms: ms, learned }) => {
      const what = model === undefined ? 'locked' : `locked for ${safeText(model)}`
      return `account ${name}: ${what}, ${durationWords(ms)} more (${learned === true ? 'told by an answer: ' : ''}${errorPhrase(code)})`
    })
    const more = locks.length - told.length
    return more > 0 ? [...told, `account ${name}: ${plural(more, 'more lock')}`] : told
  })
}

/** Logins that have a token which ends. */
function loginNotes({ id: provider, accounts }: ProviderStateView): string[] {
  return accounts.flatMap(({ id, login }) => {
    if (login?.expires_ms === undefined) return []
    const end = login.expires_ms > 0 ? `for ${timeSpanText(login.expires_ms)} more` : 'that has ended'
    return [`account ${safeText(`${provider}/${id}`)}: logged in (${safeText(login.kind)}), with a token ${end}`]
  })
}

function disableNote(entry: DisableView, now: number): string {
  const { scope, provider, account, model, reason, by } = entry
  const name = [provider, account ?? model].filter((part) => part !== undefined).join('/')
  const who = by === undefined ? '' : ` (by ${safeText(by)})`
  return `disabled: ${scope} ${safeText(name)} ${untilText(entry, now)}${reason === undefined ? '' : `: ${safeText(reason)}`}${who}`
}

const untilText = ({ until }: Pick<DisabledView, 'until'>, now: number): string =>
  until === undefined ? 'until enabled' : `for ${timeSpanText(until - now)} more`
