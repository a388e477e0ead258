import { GatewayError } from '../errors/gateway-error.ts'
import { asAccountId, asProviderId, type ProviderId } from '../ir/ids.ts'
import type { RoutingSnapshot } from '../ir/snapshot.ts'
import { nearest } from '../lib/nearest.ts'
import type { DisableSubject } from '../state/disables/store.ts'
import { safeText } from './story-words.ts'

export type DisableScope = DisableSubject['scope']

export type AccountSubject = Extract<DisableSubject, { readonly scope: 'account' }>

/** The part of a configuration that says which subjects there are. */
export type SubjectSource = Pick<RoutingSnapshot, 'providers' | 'targets'>

/** A subject by its name: `openai`, `openai/main`, `openai/gpt-5`. Throws `invalid_body` when a part is missing. */
export function subjectNamed(scope: DisableScope, name: string): DisableSubject {
  if (scope === 'account') return accountNamed(name)
  if (scope === 'model') {
    const { provider, rest } = halves('model', name, 'PROVIDER/MODEL, such as openai/gpt-5')
    return { scope, provider, model: rest }
  }
  if (name === '') throw invalid(scope, 'PROVIDER, such as openai')
  return { scope, provider: asProviderId(name) }
}

/** An account by its name, as `openai/main`. */
export function accountNamed(name: string): AccountSubject {
  const { provider, rest } = halves('account', name, 'PROVIDER/ACCOUNT, such as openai/main')
  return { scope: 'account', provider, account: asAccountId(rest) }
}

/** What stands before and after the first slash. */
function halves(scope: DisableScope, name: string, example: string): { readonly provider: ProviderId; readonly rest: string } {
  const slash = name.indexOf('/')
  if (slash <= 0 || slash === name.length - 1) throw invalid(scope, example)
  return { provider: asProviderId(name.slice(0, slash)), rest: name.slice(slash + 1) }
}

/** The name `subjectNamed` takes. */
export function nameOfSubject(subject: DisableSubject): string {
  if (subject.scope === 'provider') return subject.provider
  return `${subject.provider}/${subject.scope === 'account' ? subject.account : subject.model}`
}

/** A name as it stands in an address: each part in one of the path, whatever it holds. Throws `invalid_body`. */
export function pathOfName(name: string): string {
  const slash = name.indexOf('/')
  const parts = slash === -1 ? [name] : [name.slice(0, slash), name.slice(slash + 1)]
  // An address with such a part leads elsewhere, however it is written.
  if (parts.some((part) => part === '.' || part === '..'))
    throw new GatewayError('invalid_body', 'A name cannot be "." or "..". Correct the name.')
  return parts.map(encodeURIComponent).join('/')
}

/**
 * Checks that the configuration has the subject; throws `subject_not_found` naming the nearest one. `called` gives models that were
 * called at a provider without being written down. A provider that lists no models takes any name, so there any model is one.
 */
export function requireSubject(
  source: SubjectSource,
  subject: DisableSubject,
  called: (provider: ProviderId) => Iterable<string> = () => [],
): void {
  const facts = source.providers.get(subject.provider)
  if (facts === undefined) throw missing('provider', subject.provider, [...source.providers.keys()])
  if (subject.scope === 'account') {
    const ids = facts.accounts.map(({ id }) => id)
    if (!ids.includes(subject.account)) throw missing(`account of ${subject.provider}`, subject.account, ids)
  }
  if (subject.scope !== 'model') return
  const listed = source.targets.filter(({ provider }) => provider === subject.provider).map(({ model }) => model)
  if (listed.length === 0) return
  const models = new Set([...listed, ...facts.modelTags.keys(), ...called(subject.provider)])
  if (!models.has(subject.model)) throw missing(`model of ${subject.provider}`, subject.model, [...models])
}

const MOST_NAMED = 10

function missing(what: string, name: string, known: readonly string[]): GatewayError {
  const close = nearest(name, known)
  const more = known.length > MOST_NAMED ? ` and ${known.length - MOST_NAMED} more` : ''
  const hint =
    close !== undefined
      ? `Did you mean ${close}?`
      : known.length === 0
        ? 'There is none.'
        : `There are ${known.slice(0, MOST_NAMED).join(', ')}${more}.`
  return new GatewayError('subject_not_found', `There is no ${what} named "${safeText(name)}". ${hint}`)
}

const invalid = (scope: DisableScope, example: string): GatewayError =>
  new GatewayError('invalid_body', `Name the ${scope} as ${example}.`, { param: scope })
