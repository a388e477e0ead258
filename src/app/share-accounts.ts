import { readAccountChange } from '../credentials/account-change.ts'
import type { AccountPool, AccountPoolOptions } from '../credentials/account-pool.ts'
import { createAccountPool } from '../credentials/memory-account-pool.ts'
import type { Coordination } from '../state/coordination/store.ts'

const TOPIC = 'account'

/** Accounts whose locks hold in every gateway that shares the state. */
export function shareAccounts(options: AccountPoolOptions, coordination: Coordination): AccountPool {
  const accounts = createAccountPool({ ...options, onChange: (change) => coordination.announce(TOPIC, { ...change }) })
  coordination.listen(TOPIC, (announcement, ageMs) => {
    const change = readAccountChange(announcement)
    if (change !== undefined) accounts.adopt(change, ageMs)
  })
  return accounts
}
