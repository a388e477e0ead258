import type { Principal } from '../../ir/principal.ts'
import type { LedgerParty } from '../../ir/settlement.ts'

type Place = Pick<LedgerParty, 'provider' | 'model' | 'account'>

/** Who spends, and where. */
export const partyOf = ({ provider, model, account }: Place, { tenant, project, owner, keyId }: Principal): LedgerParty => ({
  provider,
  model,
  account,
  tenant,
  project,
  owner,
  key: keyId,
})
