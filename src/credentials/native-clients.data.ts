import type { NativeLoginSettings } from './credential.types.ts'

/** A program that keeps the login of its user on this machine. */
export interface NativeClient {
  /** As people start it. */
  readonly command: string
  /** JSON pointer of the end of the token, in Unix milliseconds. Undefined where the token tells by itself. */
  readonly expiry?: string
  /** JSON pointer of what names the login, and the header it is sent in. */
  readonly loginId?: { readonly pointer: string; readonly header: string }
  /** Sent with the token: without it the vendor takes it for a bad key. */
  readonly headers: Readonly<Record<string, string>>
}

/** Where the files hold what, and what goes with the token. */
export const NATIVE_CLIENTS: Readonly<Record<NativeLoginSettings['kind'], NativeClient>> = {
  codex_oauth: {
    command: 'codex login',
    loginId: { pointer: '/tokens/account_id', header: 'chatgpt-account-id' },
    headers: {},
  },
  claude_code_oauth: {
    command: 'claude',
    expiry: '/claudeAiOauth/expiresAt',
    headers: { 'anthropic-beta': 'oauth-2025-04-20' },
  },
}
