import type { AccountId, ProviderId } from '../../ir/ids.ts'
import { nameOf } from './order.ts'
import type { DisableEntry, DisableSubject } from './store.ts'

interface ProviderDisables {
  provider: DisableEntry | undefined
  readonly accounts: Map<string, DisableEntry>
  readonly models: Map<string, DisableEntry>
}

/** The disables in memory, for the way of a request: two look-ups by name, none while nothing is disabled. Times are Unix ms. */
export class DisableMirror {
  private readonly providers = new Map<ProviderId, ProviderDisables>()
  private count = 0

  get any(): boolean {
    return this.count > 0
  }

  model(provider: ProviderId, model: string, now: number): DisableEntry | undefined {
    const found = this.providers.get(provider)
    return found === undefined ? undefined : (inForce(found.provider, now) ?? inForce(found.models.get(model), now))
  }

  account(provider: ProviderId, account: AccountId, now: number): DisableEntry | undefined {
    return inForce(this.providers.get(provider)?.accounts.get(account), now)
  }

  put(entry: DisableEntry): void {
    const { subject } = entry
    this.remove(subject)
    let found = this.providers.get(subject.provider)
    if (found === undefined) {
      found = { provider: undefined, accounts: new Map(), models: new Map() }
      this.providers.set(subject.provider, found)
    }
    if (subject.scope === 'provider') found.provider = entry
    else mapOf(found, subject.scope).set(nameOf(subject), entry)
    this.count += 1
  }

  /** Whether it is there, in force or ended. */
  has(subject: DisableSubject): boolean {
    const found = this.providers.get(subject.provider)
    if (found === undefined) return false
    return subject.scope === 'provider' ? found.provider !== undefined : mapOf(found, subject.scope).has(nameOf(subject))
  }

  /** Whether it was there. */
  remove(subject: DisableSubject): boolean {
    const found = this.providers.get(subject.provider)
    if (found === undefined || !takeOut(found, subject)) return false
    this.count -= 1
    if (found.provider === undefined && found.accounts.size + found.models.size === 0) this.providers.delete(subject.provider)
    return true
  }

  /** What is in force, the oldest order first. What has ended is dropped. */
  list(now: number): DisableEntry[] {
    const all = [...this.providers.values()].flatMap(({ provider, accounts, models }) => [
      ...(provider === undefined ? [] : [provider]),
      ...accounts.values(),
      ...models.values(),
    ])
    for (const { subject, until } of all) if (until !== undefined && until <= now) this.remove(subject)
    return all.filter((entry) => inForce(entry, now) !== undefined).sort((left, right) => left.since - right.since)
  }
}

const mapOf = (found: ProviderDisables, scope: 'account' | 'model'): Map<string, DisableEntry> =>
  scope === 'account' ? found.accounts : found.models

function takeOut(found: ProviderDisables, subject: DisableSubject): boolean {
  if (subject.scope !== 'provider') return mapOf(found, subject.scope).delete(nameOf(subject))
  if (found.provider === undefined) return false
  found.provider = undefined
  return true
}

const inForce = (entry: DisableEntry | undefined, now: number): DisableEntry | undefined =>
  entry === undefined || (entry.until !== undefined && entry.until <= now) ? undefined : entry
