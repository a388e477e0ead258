import { isObject } from '../ir/json.ts'
import { LATER_ACCOUNT_KINDS, LATER_PROVIDER_TYPES } from './later-keys.data.ts'
import type { ConfigNotes } from './problem.ts'

/**
 * Refuses providers and accounts of kinds that this version does not have with one problem each, and takes them out, so that their
 * many special keys are not reported one by one. Entries of `providers` become undefined and keep the places of the others.
 */
export function setAsideLaterKinds(document: unknown, notes: ConfigNotes): unknown {
  if (!isObject(document) || !Array.isArray(document['providers'])) return document
  const providers = document['providers'].map((provider: unknown, index) => {
    if (!isObject(provider)) return provider
    const { type } = provider
    if (typeof type === 'string' && Object.hasOwn(LATER_PROVIDER_TYPES, type)) {
      const expected = 'one of mock, openai_compatible, openai, anthropic, gemini, vertex, azure'
      notes.problem(
        ['providers', index, 'type'],
        `Providers of type ${type} are not supported by this version. ${LATER_PROVIDER_TYPES[type]}`,
        { expected, found: type },
      )
      return undefined
    }
    return { ...provider, ...withoutLaterAccounts(provider['accounts'], index, notes) }
  })
  return { ...document, providers }
}

function withoutLaterAccounts(accounts: unknown, provider: number, notes: ConfigNotes): { accounts?: unknown } {
  if (!Array.isArray(accounts)) return accounts === undefined ? {} : { accounts }
  return {
    accounts: accounts.map((account: unknown, index) => {
      if (!isObject(account) || !isObject(account['auth'])) return account
      const { kind } = account['auth']
      if (typeof kind !== 'string' || !LATER_ACCOUNT_KINDS.includes(kind)) return account
      const path = ['providers', provider, 'accounts', index, 'auth', 'kind']
      notes.problem(
        path,
        `Accounts of kind ${kind} are not supported by this version. Use \`kind: api_key\` with \`key_env\`, or remove the account.`,
        {
          expected: 'one of none, api_key',
          found: kind,
        },
      )
      const { auth: _auth, ...rest } = account
      return rest
    }),
  }
}
