/** What the first lines of a started gateway say. */
export interface BannerFacts {
  readonly version: string
  /** Address it listens on. */
  readonly url: string
  /** Path of the configuration file, or words for what stands in for it. */
  readonly configuration: string
  /** Data directory, or words for "memory". */
  readonly data: string
  readonly providers: readonly string[]
  /** Model of the example call. */
  readonly model: string
  /** Whether callers need a key. */
  readonly keyed: boolean
}

const MOST_PROVIDERS = 12

/** At most six lines; the last can be copied into a shell. */
export function serveBanner(facts: BannerFacts): string {
  const reachable = reachableUrl(facts.url)
  const shown = facts.providers.slice(0, MOST_PROVIDERS)
  const more = facts.providers.length - shown.length
  const key = facts.keyed ? ` -H "authorization: Bearer $SWITCHBACK_API_KEY"` : ''
  const body = JSON.stringify({ model: facts.model, messages: [{ role: 'user', content: 'hi' }] }).replaceAll(
    "'",
    String.raw`'\''`,
  )
  return [
    `Switchback ${facts.version} listens on ${facts.url}`,
    `dashboard  ${reachable}/`,
    `config     ${facts.configuration}`,
    `data       ${facts.data}`,
    `providers  ${shown.join(', ')}${more > 0 ? ` and ${more} more` : ''}`,
    `try        curl ${reachable}/v1/chat/completions -H 'content-type: application/json'${key} -d '${body}'`,
    '',
  ].join('\n')
}

/** An address that listens everywhere is reached by this machine's own name. */
function reachableUrl(url: string): string {
  const address = new URL(url)
  if (address.hostname === '0.0.0.0') address.hostname = '127.0.0.1'
  if (address.hostname === '[::]') address.hostname = '[::1]'
  return address.href.replace(/\/$/, '')
}
