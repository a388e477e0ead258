import type { AllowList } from '../ir/principal.ts'
import { nearest } from '../lib/nearest.ts'
import type { ConfigParts, Located } from './compile-context.ts'
import type { ConfigNotes } from './problem.ts'
import { showText } from './secrecy.ts'

/** Routes that decisions name without anybody having written them down. */
const OWN_ROUTES = /^(direct|combo\/.+|default:.+)$/

/** What each tenant is confined to; tenants without a list are missing. An empty list restricts nothing, as in the reference. */
export function compileTenantLists(parts: ConfigParts, notes: ConfigNotes): ReadonlyMap<string, AllowList> {
  const found = new Map<string, AllowList>()
  for (const tenant of parts.tenants) {
    const lists = listsOf(tenant, parts, notes)
    if (Object.keys(lists).length > 0) found.set(tenant.value.id, lists)
  }
  return found
}

function listsOf({ value, path }: ConfigParts['tenants'][number], parts: ConfigParts, notes: ConfigNotes): AllowList {
  const known = {
    routes: parts.routes.map((route) => route.value.name),
    providers: [...parts.declaredProviders],
    accounts: parts.providers.flatMap(({ value: { id, accounts } }) => accounts.map((account) => `${id}/${account.id}`)),
  }
  const check = (list: keyof typeof known, names: readonly string[]): void => {
    for (const [index, name] of names.entries())
      if (!known[list].includes(name)) tellUnknown({ value: name, path: [...path, `allowed_${list}`, index] }, known[list], notes)
  }
  const { allowed_models: models, allowed_routes: routes, allowed_providers: providers, allowed_accounts: accounts } = value
  check(
    'routes',
    routes.filter((route) => !route.includes('*') && !OWN_ROUTES.test(route)),
  )
  check('providers', providers)
  check('accounts', accounts)
  return Object.fromEntries(Object.entries({ models, routes, providers, accounts }).filter(([, names]) => names.length > 0))
}

function tellUnknown({ value, path }: Located<string>, known: readonly string[], notes: ConfigNotes): void {
  const suggestion = nearest(value, known)
  const hint =
    suggestion === undefined
      ? 'A name that nothing has would lock the tenant out, or let it in later. Take it out of the list.'
      : `Did you mean ${suggestion}?`
  notes.problem(path, `There is no ${showText(value)}. ${hint}`, { expected: `one of ${known.join(', ')}`, suggestion })
}
