import type { BindAddress } from '../http/bind-address.schema.ts'
import type { ProviderConfig } from '../providers/provider.schema.ts'
import type { Located } from './compile-context.ts'
import type { ConfigNotes } from './problem.ts'
import { isLoopbackAddress } from './self-address.ts'

/** Logins that belong to one person are not for everybody who reaches the gateway, unless the operator says so. */
export function refuseSharedLogins({ value, path }: Located<ProviderConfig>, address: BindAddress, notes: ConfigNotes): void {
  if (isLoopbackAddress(address)) return
  for (const [index, { id, auth }] of value.accounts.entries()) {
    if (auth?.kind !== 'codex_oauth' && auth?.kind !== 'claude_code_oauth') continue
    if (auth.allow_other_users) continue
    notes.problem(
      [...path, 'accounts', index, 'auth', 'kind'],
      `Account ${id} uses the login of one person (${auth.kind}), and the gateway listens on ${address.host}, where others reach it. Listen on 127.0.0.1, use an API key, or set \`allow_other_users: true\` if the vendor allows that.`,
    )
  }
}
