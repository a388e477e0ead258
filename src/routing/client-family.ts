/** Names under which clients are known, by the first word of their user agent. */
const FAMILIES: Readonly<Record<string, string>> = {
  'claude-cli': 'claude-code',
  'claude-code': 'claude-code',
  codex_cli_rs: 'codex',
  codex_exec: 'codex',
  codex_vscode: 'codex',
  'codex-tui': 'codex',
  geminicli: 'gemini-cli',
  'geminicli-tui': 'gemini-cli',
}

const LONGEST_FAMILY = 40

/** User agents are few; those of strangers must not fill the memory. */
const MOST_KNOWN = 1_024
const LONGEST_KNOWN = 512
const known = new Map<string, string | undefined>()

/**
 * The family of a client: the product at the head of its user agent, in lower case (`opencode`, `openai`, `curl`), coding agents under
 * one name each. Undefined without a user agent that begins with a word.
 */
export function clientFamily(userAgent: string | null): string | undefined {
  if (userAgent === null || userAgent.length > LONGEST_KNOWN) return familyOf(userAgent ?? '')
  const family = known.get(userAgent)
  if (family !== undefined || known.has(userAgent)) return family
  if (known.size >= MOST_KNOWN) known.clear()
  const found = familyOf(userAgent)
  known.set(userAgent, found)
  return found
}

function familyOf(userAgent: string): string | undefined {
  const product = /^[A-Za-z][A-Za-z0-9._-]*/.exec(userAgent)?.[0].toLowerCase()
  if (product === undefined) return undefined
  return Object.hasOwn(FAMILIES, product) ? FAMILIES[product] : product.slice(0, LONGEST_FAMILY)
}
