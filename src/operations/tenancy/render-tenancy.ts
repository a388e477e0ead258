import type { JsonObject } from '../../ir/json.ts'
import { isObject } from '../../ir/json.ts'
import { timeSpanText } from '../../lib/time-span.ts'
import { countWords, plural, safeText } from '../story-words.ts'
import type { LimitStatus } from '../limit-status.ts'
import type { CallerSpend } from '../usage/caller-spend.ts'
import type { KeyInspection } from './key-inspect.ts'
import { limitText, moneyText, spendText } from './render-reports.ts'
import type { GroupView, KeyView } from './tenancy-views.ts'

const NOTHING = '-'

/** Keys as a table. `now` in Unix ms. */
export function renderKeys(keys: readonly KeyView[], now: number): string {
  if (keys.length === 0) return 'No key has been issued.'
  const rows = keys.map((key) => [
    key.id,
    key.owner,
    key.project === undefined ? (key.tenant ?? NOTHING) : `${key.tenant}/${key.project}`,
    key.role,
    key.state,
    key.expires_at === undefined ? 'never' : endText(key.expires_at, now),
    key.name ?? NOTHING,
  ])
  return tableOf([['KEY', 'OWNER', 'TENANT', 'ROLE', 'STATE', 'EXPIRES', 'NAME'], ...rows])
}

/** Tenants, projects or owners as a table. */
export function renderGroups(groups: readonly GroupView[]): string {
  if (groups.length === 0) return 'There is none.'
  const rows = groups.map(({ id, tenant, state, declared, name }) => [
    id,
    tenant ?? NOTHING,
    declared === true ? `${state} (configuration)` : state,
    name ?? NOTHING,
  ])
  return tableOf([['ID', 'TENANT', 'STATE', 'NAME'], ...rows])
}

/** Everything that is known of a key, a line each. */
export function renderInspection(inspection: KeyInspection, now: number): string {
  const { key, shown, sources, use } = inspection
  const lines: (readonly [string, string | undefined])[] = [
    ['key', `${key.id} (${key.state}${key.name === undefined ? '' : `, ${key.name}`})`],
    ['shown', shown === undefined ? undefined : SHOWN[shown]],
    ['owner', ownerText(inspection)],
    ['tenant', key.tenant === undefined ? undefined : groupText(key.tenant, inspection.tenant)],
    ['project', key.project === undefined ? undefined : groupText(key.project, inspection.project)],
    ['role', key.role],
    ['may use', allowedText(key.allowed)],
    ['limits', key.limits === undefined ? undefined : JSON.stringify(key.limits)],
    ['created', `${instant(key.created.at)} by ${key.created.by}`],
    ['expires', key.expires_at === undefined ? 'never' : endText(key.expires_at, now)],
    ['secret', key.rotated_at === undefined ? undefined : `replaced ${instant(key.rotated_at)}`],
    [
      'former secret',
      key.previous_valid_until === undefined ? undefined : `valid for ${spanTo(key.previous_valid_until, now)} more`,
    ],
    [
      'invitation',
      key.invitation_valid_until === undefined ? undefined : `not taken yet; until ${instant(key.invitation_valid_until)}`,
    ],
    ['disabled', deedText(key.disabled)],
    ['revoked', deedText(key.revoked)],
    ...(sources ?? []).map((source): [string, string] => [
      'used from',
      `${source.address ?? 'this process'}, last ${instant(source.last_seen)}`,
    ]),
    ...useLines(use),
    ...(inspection.spent_by_hour ?? []).map((hour): [string, string] => [
      'spent by hour',
      `${instant(hour.from)}: ${moneyText(hour)}, ${plural(hour.requests, 'call')}`,
    ]),
    ...reportLines(inspection),
    ...Object.entries(inspection)
      .filter(([name, value]) => !OWN_FIELDS.has(name) && isObject(value))
      .map(([name, value]): [string, string] => [name, JSON.stringify(value)]),
  ]
  const told = lines.filter((line): line is readonly [string, string] => line[1] !== undefined)
  const width = Math.max(...told.map(([name]) => name.length))
  return told.map(([name, text]) => `${name.padEnd(width)}  ${safeText(text)}`).join('\n')
}

/** Fields that have lines of their own; all others are reports that this version knows nothing of. */
const OWN_FIELDS: ReadonlySet<string> = new Set([
  'key',
  'shown',
  'owner',
  'tenant',
  'project',
  'sources',
  'use',
  'spent_by_hour',
  'limits',
  'spend',
])

/** What `callerReports` tell of the key and of what it belongs to. */
function reportLines({ key, limits, spend }: KeyInspection): [string, string][] {
  const { rules } = (limits ?? { rules: [] }) as unknown as { readonly rules: readonly LimitStatus[] }
  return [
    ...rules.map((rule): [string, string] => ['limit', limitText(rule)]),
    ...(spend === undefined ? [] : [[`spent by ${key.owner}`, spendText(spend as unknown as CallerSpend)] as [string, string]]),
  ]
}

const SHOWN = {
  present: 'this is its present secret: whoever has it can use the key',
  previous: 'this is its former secret',
  other: 'this secret is none of its own, or was replaced long ago',
  invitation: 'this is its invitation',
} as const

function useLines(use: KeyInspection['use']): [string, string][] {
  if (use === undefined) return []
  if (use.requests === 0) return [['last day', 'no calls']]
  const calls = `${use.incomplete === true ? 'at least ' : ''}${plural(use.requests, 'call')}, ${plural(use.errors, 'error')}`
  return [
    ['last day', `${calls}; last ${instant(use.last_used_at ?? 0)}`],
    ['models', use.models.map(counted).join(', ')],
    ['agents', use.agents.map(counted).join(', ')],
    ...(use.sessions.length === 0 ? [] : [['sessions', use.sessions.map(counted).join(', ')] as [string, string]]),
    ...use.hours.map(({ from, requests, input_tokens: input, output_tokens: output }): [string, string] => [
      'by hour',
      `${instant(from)}: ${plural(requests, 'call')}, ${countWords(input)} tokens in, ${countWords(output)} out`,
    ]),
  ]
}

const counted = ({ name, requests }: { readonly name: string; readonly requests: number }): string =>
  `${name} (${countWords(requests)})`

const ownerText = ({ key, owner }: KeyInspection): string => groupText(key.owner, owner)

const groupText = (id: string, view: GroupView | undefined): string =>
  `${id}${view?.name === undefined ? '' : ` (${view.name})`}${view?.disabled === undefined ? '' : `, disabled ${deedText(view.disabled)}`}`

function allowedText(allowed: KeyView['allowed']): string {
  const lists = Object.entries(allowed ?? {}) as [string, readonly string[]][]
  if (lists.length === 0) return 'everything'
  return lists.map(([list, names]) => `${list} ${names.length === 0 ? 'none' : names.join(', ')}`).join('; ')
}

function deedText(deed: KeyView['revoked']): string | undefined {
  if (deed === undefined) return undefined
  return `${instant(deed.at)} by ${deed.by}${deed.reason === undefined ? '' : `: ${deed.reason}`}`
}

const instant = (at: number): string => new Date(at).toISOString().replace(/\.\d{3}Z$/, 'Z')
const spanTo = (at: number, now: number): string => timeSpanText(at - now)
const endText = (at: number, now: number): string => (at > now ? `in ${spanTo(at, now)}` : `${instant(at)}, over`)

function tableOf(rows: readonly (readonly string[])[]): string {
  const safe = rows.map((row) => row.map(safeText))
  const widths = (safe[0] ?? []).map((_title, column) => Math.max(...safe.map((row) => row[column]?.length ?? 0)))
  return safe
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n')
}

/** Where a change is in force now. */
export function toldText(told: JsonObject): string {
  if (typeof told['gateway'] === 'string') return `The gateway at ${told['gateway']} was told; it holds already.`
  if (typeof told['database'] === 'string')
    return `It stands in the database ${told['database']}; every gateway on it knows within a second.`
  return `No gateway runs on this data directory; the next one finds it in ${String(told['file'])}.`
}
