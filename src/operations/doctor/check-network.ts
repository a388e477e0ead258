import type { ProviderSettings } from '../../providers/provider.settings.schema.ts'
import { waitConnected } from '../../transport/connect-probe.ts'
import { wayOutOf, type WaysOut } from '../way-out.ts'
import { failure, fine, warning, type Finding } from './finding.ts'

const TIMEOUT_MS = 5_000

/** Whether connections to the providers can be opened. Nothing is sent, so nothing is spent and no key is tried. */
export function checkNetwork(providers: readonly ProviderSettings[], ways: WaysOut): Promise<Finding[]> {
  return Promise.all(providers.filter(({ type }) => type !== 'mock').map((provider) => reach(provider, ways)))
}

async function reach({ id, baseUrl, accounts: [first] }: ProviderSettings, ways: WaysOut): Promise<Finding> {
  const url = new URL(baseUrl)
  const way = wayOutOf(url, first?.egress, ways)
  if (way.kind === 'closed') return warning('network', `${id} was not tried (${url.host}). ${way.why}`)
  if (way.kind === 'proxied') return fine('network', `${id} is reached through a proxy (${url.host}), which was not tried.`)
  const outcome = await waitConnected(url.href, TIMEOUT_MS)
  return outcome === 'connected'
    ? fine('network', `${id} can be reached (${url.host}).`)
    : failure(
        'network',
        `${id} cannot be reached (${url.host}: ${outcome}).`,
        'Check base_url, the network, and proxies on the way.',
      )
}
