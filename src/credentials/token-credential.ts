import type { Clock } from '../lib/clock.ts'
import type { Secret } from '../lib/secret.ts'
import { untilAborted } from '../lib/until-aborted.ts'
import type { UnsentRequest } from '../transport/transport.ts'
import type { Credential } from './credential.types.ts'
import type { Token, TokenSource } from './token.types.ts'

/** A token is not used within this time of its end, or of half its life: a request takes its time to arrive. */
export const EXPIRY_SKEW_MS = 60_000

export interface TokenCredentialOptions {
  readonly source: TokenSource
  readonly clock: Pick<Clock, 'wall'>
}

/**
 * A bearer token that is fetched when it is first needed, again before it ends, and again when an upstream refuses it. However many requests
 * want one, it is fetched once.
 */
export class TokenCredential implements Credential {
  private readonly options: TokenCredentialOptions
  private token: Token | undefined = undefined
  /** Requests under way may have been sent with it. */
  private earlier: Token | undefined = undefined
  /** Unix milliseconds until which the token is used. */
  private freshUntil = 0
  private pending: Promise<Token> | undefined = undefined

  constructor(options: TokenCredentialOptions) {
    this.options = options
  }

  authorize(request: UnsentRequest, signal: AbortSignal): UnsentRequest | Promise<UnsentRequest> {
    const { token } = this
    if (token !== undefined && this.options.clock.wall() < this.freshUntil) return this.withToken(request, token)
    return this.obtained(undefined, signal).then(
      (fetched) => this.withToken(request, fetched),
      (error: unknown) => {
        // It was to be replaced early so that a source which is away for a moment does no harm.
        if (token === undefined || signal.aborted || !isValid(token, this.options.clock.wall())) throw error
        return this.withToken(request, token)
      },
    )
  }

  async renew(refused: UnsentRequest, signal: AbortSignal): Promise<boolean> {
    const { token } = this
    if (token === undefined || bearer(token.secret) !== refused.headers['authorization']) return true
    const other = await this.obtained(token.secret, signal)
    return other.secret.reveal() !== token.secret.reveal()
  }

  /** When the token it has ends. */
  get expiresAt(): number | undefined {
    return this.token?.expiresAt
  }

  secrets(): readonly Secret[] {
    return [this.token, this.earlier].flatMap((token) => token?.secret ?? [])
  }

  /** Fetched for all who wait; each of them may stop waiting. */
  private obtained(refused: Secret | undefined, signal: AbortSignal): Promise<Token> {
    this.pending ??= this.fetch(refused)
    return untilAborted(this.pending, signal)
  }

  private async fetch(refused: Secret | undefined): Promise<Token> {
    try {
      const token = await this.options.source.obtain(refused)
      this.earlier = this.token
      this.token = token
      this.freshUntil = freshUntil(token, this.options.clock.wall())
      return token
    } finally {
      this.pending = undefined
    }
  }

  private withToken(request: UnsentRequest, { secret, headers: more = {} }: Token): UnsentRequest {
    const headers: Record<string, string> = { ...request.headers, authorization: bearer(secret) }
    for (const [name, value] of Object.entries(more))
      headers[name] = headers[name] === undefined ? value : `${headers[name]},${value}`
    return { ...request, headers }
  }
}

function freshUntil({ expiresAt }: Token, wall: number): number {
  if (expiresAt === undefined) return Number.POSITIVE_INFINITY
  return expiresAt - Math.min(EXPIRY_SKEW_MS, (expiresAt - wall) / 2)
}

const isValid = ({ expiresAt }: Token, wall: number): boolean => expiresAt === undefined || wall < expiresAt

const bearer = (secret: Secret): string => `Bearer ${secret.reveal()}`
