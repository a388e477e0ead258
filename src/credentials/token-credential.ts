import type { Clock } from '../lib/clock.ts'
import { whenever, type Eventually } from '../lib/eventually.ts'
import type { Secret } from '../lib/secret.ts'
import type { UnsentRequest } from '../transport/transport.ts'
import type { Credential } from './credential.types.ts'
import { Renewal } from './renewal.ts'
import type { Token, TokenSource } from './token.types.ts'

/** A token is replaced this long before its end: a request takes its time to arrive. */
export const EXPIRY_SKEW_MS = 60_000

export interface TokenCredentialOptions {
  readonly source: TokenSource
  readonly clock: Pick<Clock, 'wall'>
}

/** A bearer token of a login. */
export class TokenCredential implements Credential {
  private readonly tokens: Renewal<Token>

  constructor({ source, clock }: TokenCredentialOptions) {
    this.tokens = new Renewal({
      obtain: (refused) => source.obtain(refused?.secret),
      endOf: ({ expiresAt }) => expiresAt,
      earlyMs: EXPIRY_SKEW_MS,
      clock,
    })
  }

  authorize(request: UnsentRequest, signal: AbortSignal): Eventually<UnsentRequest> {
    return whenever(this.tokens.current(signal), (token) => withToken(request, token))
  }

  async renew(refused: UnsentRequest, signal: AbortSignal): Promise<boolean> {
    const { held } = this.tokens
    if (held === undefined || bearer(held.secret) !== refused.headers['authorization']) return true
    const other = await this.tokens.replaced(held, signal)
    return other.secret.reveal() !== held.secret.reveal()
  }

  /** When the token it has ends. */
  get expiresAt(): number | undefined {
    return this.tokens.held?.expiresAt
  }

  secrets(): readonly Secret[] {
    const { held, earlier } = this.tokens
    return [held, earlier].flatMap((token) => token?.secret ?? [])
  }
}

function withToken(request: UnsentRequest, { secret, headers: more = {} }: Token): UnsentRequest {
  const headers: Record<string, string> = { ...request.headers, authorization: bearer(secret) }
  for (const [name, value] of Object.entries(more))
    headers[name] = headers[name] === undefined ? value : `${headers[name]},${value}`
  return { ...request, headers }
}

const bearer = (secret: Secret): string => `Bearer ${secret.reveal()}`
