/** What keys of well-known providers begin with, the longer first where one contains another. */
const PREFIXES = [
  { prefix: 'sk-ant-', name: 'Anthropic' },
  { prefix: 'sk-proj-', name: 'OpenAI' },
  { prefix: 'sk-svcacct-', name: 'OpenAI' },
  { prefix: 'sk-admin-', name: 'OpenAI' },
  { prefix: 'sk-or-', name: 'OpenRouter' },
  { prefix: 'AIza', name: 'Google' },
  { prefix: 'gsk_', name: 'Groq' },
  { prefix: 'xai-', name: 'xAI' },
] as const

/** Whose key this is, judging by its beginning; the prefix is all that may be shown of it. */
export function providerOfKey(key: string): { readonly prefix: string; readonly name: string } | undefined {
  return PREFIXES.find(({ prefix }) => key.startsWith(prefix))
}
