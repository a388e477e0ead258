import type { ProviderId } from '../ir/ids.ts'
import { sameData } from '../lib/same-data.ts'
import type { ProviderSettings } from './provider.settings.schema.ts'
import type { Provider } from './provider.types.ts'

/** The providers of a configuration. One whose settings are those it was made from stays, with all that it has prepared. */
export function renewProviders(
  settings: readonly ProviderSettings[],
  earlier: ReadonlyMap<ProviderId, Provider>,
  create: (settings: ProviderSettings) => Provider,
): ReadonlyMap<ProviderId, Provider> {
  return new Map(
    settings.map((wanted) => {
      const known = earlier.get(wanted.id)
      return [wanted.id, known !== undefined && sameData(known.settings, wanted) ? known : create(wanted)]
    }),
  )
}
