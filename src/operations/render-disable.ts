import { isObject } from '../ir/json.ts'
import { timeSpanText } from '../lib/time-span.ts'
import type { SwitchResult, TypedOrder } from './disable-place.ts'
import { plural, safeText } from './story-words.ts'

/** What came of an order, for a terminal. `now` is in Unix milliseconds. */
export function renderSwitch({ scope, action }: TypedOrder, { name, told, answer }: SwitchResult, now: number): string {
  const subject = `${scope} ${safeText(name)}`
  const lines = [
    action === 'disable' ? disabledLine(subject, answer['disabled'], now) : backLine(subject, answer),
    ...stillLine(answer['still_disabled'], now),
    ...(answer['was_disabled'] === false ? [] : [toldLine(told)]),
  ]
  return lines.join('\n')
}

function toldLine(told: SwitchResult['told']): string {
  if ('gateway' in told) return `The gateway at ${told.gateway} was told; it holds already.`
  return 'database' in told
    ? `Written to the database ${told.database}; it holds in every gateway on it within a second.`
    : `No gateway runs on this data directory. Written to ${told.file}; it holds when one starts.`
}

function disabledLine(subject: string, disabled: unknown, now: number): string {
  return `Disabled: ${subject}${termsOf(disabled, now)}`
}

function backLine(subject: string, answer: SwitchResult['answer']): string {
  const released = answer['locks_released']
  if (typeof released === 'number') return `Reset: ${subject}, ${released === 0 ? 'no lock' : plural(released, 'lock')} released.`
  return answer['was_disabled'] === true ? `Enabled: ${subject}.` : `${subject} was not disabled; nothing has changed.`
}

function stillLine(entry: unknown, now: number): string[] {
  if (!isObject(entry)) return []
  const name =
    entry['scope'] === 'account' ? `${String(entry['provider'])}/${String(entry['account'])}` : String(entry['provider'])
  return [`Still disabled: ${String(entry['scope'])} ${safeText(name)}${termsOf(entry, now)}`]
}

/** ` until 2026-01-31T12:00:00.000Z (30m): the reason`. */
function termsOf(entry: unknown, now: number): string {
  const { until, reason } = isObject(entry) ? entry : {}
  const time =
    typeof until === 'number' ? `until ${new Date(until).toISOString()} (${timeSpanText(until - now)})` : 'until it is enabled'
  return ` ${time}${typeof reason === 'string' ? `: ${safeText(reason)}` : '.'}`
}
