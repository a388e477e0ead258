import { providerOf } from '../../ir/ids.ts'
import type { KnownOrigin } from '../../ir/question.ts'
import { boundTo } from '../answer-origin.ts'
import type { Asked } from '../asked.ts'
import type { Candidate } from '../candidate.ts'
import type { HardFilter } from './filter.types.ts'

/** The request continues an answer by its id, and the turns up to it are kept by another provider, or for an account that is gone. */
export const stateElsewhere: HardFilter = {
  applies: ({ route, question }) => boundTo(route, question) !== undefined,
  refuses: (candidate, asked) => whyNot(candidate, asked, boundTo(asked.route, asked.question)) !== undefined,
  reject: (candidate, asked) => {
    const origin = boundTo(asked.route, asked.question)
    return {
      target_id: candidate.target.id,
      code: 'state_elsewhere',
      reason: whyNot(candidate, asked, origin) ?? '',
      evidence: { kept_by: origin?.target, account: origin?.account },
    }
  },
}

function whyNot({ target }: Candidate, { snapshot }: Asked, origin: KnownOrigin | undefined): string | undefined {
  if (origin === undefined) return undefined
  if (target.provider !== providerOf(origin.target))
    return `the request continues an answer of ${origin.target}, and only that provider keeps the turns before it`
  const accounts = snapshot.providers.get(target.provider)?.accounts
  return accounts === undefined || accounts.some(({ id }) => id === origin.account)
    ? undefined
    : `the request continues an answer given for account ${origin.account}, which is not configured any more`
}
