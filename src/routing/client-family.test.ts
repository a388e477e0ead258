import { expect, test } from 'bun:test'
import { clientFamily } from './client-family.ts'

test.each([
  ['claude-cli/2.1.197 (external, sdk-cli)', 'claude-code'],
  ['codex_exec/0.169.0 (Debian 12.0.0; x86_64) dumb', 'codex'],
  ['GeminiCLI-tui/0.61.0/gemini-2.5-flash (linux; x64; terminal)', 'gemini-cli'],
  ['opencode/1.18.33 ai-sdk/provider-utils/4.0.46', 'opencode'],
  ['OpenAI/Python 2.1.0', 'openai'],
  ['curl/8.5.0', 'curl'],
  ['constructor/1', 'constructor'],
  [`${'x'.repeat(100)}/1`, 'x'.repeat(40)],
  ['(none)', undefined],
  ['', undefined],
  [null, undefined],
])('%p is %p', (userAgent, family) => {
  expect(clientFamily(userAgent)).toBe(family)
})
