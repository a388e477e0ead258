import type { ProviderSettings } from '../../providers/provider.settings.schema.ts'
import { waitConnected } from '../../transport/connect-probe.ts'
import { failure, fine, type Finding } from './finding.ts'

const TIMEOUT_MS = 5_000

/** Whether connections to the providers can be opened. Nothing is sent, so nothing is spent and no key is tried. */
export function checkNetwork(providers: readonly ProviderSettings[], proxied: (url: URL) => boolean): Promise<Finding[]> {
  return Promise.all(
    providers.filter(({ type }) => type !== 'mock').map(({ id, baseUrl }) => reach(id, new URL(baseUrl), proxied)),
  )
}

async function reach(id: string, url: URL, proxied: (url: URL) => boolean): Promise<Finding> {
  if (proxied(url)) return fine('network', `${id} is reached through a proxy (${url.host}), which was not tried.`)
  const outcome = await waitConnected(url.href, TIMEOUT_MS)
  return outcome === 'connected'
    ? fine('network', `${id} can be reached (${url.host}).`)
    : failure(
        'network',
        `${id} cannot be reached (${url.host}: ${outcome}).`,
        'Check base_url, the network, and proxies on the way.',
      )
}
