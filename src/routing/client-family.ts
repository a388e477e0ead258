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

/**
 * The family of a client: the product at the head of its user agent, in lower case (`opencode`, `openai`, `curl`), coding agents under
 * one name each. Undefined without a user agent that begins with a word.
 */
export function clientFamily(userAgent: string | null): string | undefined {
  const product = /^[A-Za-z][A-Za-z0-9._-]*/.exec(userAgent ?? '')?.[0].toLowerCase()
  if (product === undefined) return undefined
  return Object.hasOwn(FAMILIES, product) ? FAMILIES[product] : product.slice(0, LONGEST_FAMILY)
}
