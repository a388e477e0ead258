import type { AccountId, ProviderId } from '../ir/ids.ts'
import { egressName } from '../transport/egress.settings.schema.ts'
import type { LiveConfig } from './live-config.ts'

/** Name of the `egress` that an account leaves by; undefined where nothing was chosen. */
export type EgressOf = (provider: ProviderId, account: AccountId) => string | undefined

/** Looks at the accounts of the configuration in force. */
export const egressViews =
  (live: Pick<LiveConfig, 'revision'>): EgressOf =>
  (provider, account) =>
    egressName(live.revision.providers.get(provider)?.settings.accounts.find(({ id }) => id === account)?.egress)
