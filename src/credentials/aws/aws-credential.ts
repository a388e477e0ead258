import type { Clock } from '../../lib/clock.ts'
import type { Secret } from '../../lib/secret.ts'
import { untilAborted } from '../../lib/until-aborted.ts'
import type { UnsentRequest } from '../../transport/transport.ts'
import type { Credential } from '../credential.types.ts'
import { KEY_SKEW_MS, type AwsKeys, type AwsKeySource } from './aws-keys.ts'
import { createSigner, type RequestSigner, type SigningScope } from './sign-request.ts'

export interface AwsCredentialOptions {
  readonly source: AwsKeySource
  readonly scope: SigningScope
  readonly clock: Pick<Clock, 'wall'>
}

interface Signing {
  readonly keys: AwsKeys
  readonly signer: RequestSigner
}

/** Signs requests with keys that are fetched when they are first needed, again before they end, and again when they are refused. */
export class AwsCredential implements Credential {
  private readonly options: AwsCredentialOptions
  private signing: Signing | undefined = undefined
  /** Requests under way may have been signed with them. */
  private earlier: AwsKeys | undefined = undefined
  private pending: Promise<Signing> | undefined = undefined

  constructor(options: AwsCredentialOptions) {
    this.options = options
  }

  async authorize(request: UnsentRequest, signal: AbortSignal): Promise<UnsentRequest> {
    const { signer } = await this.signingWith(signal)
    return signer.sign(request, this.options.clock.wall())
  }

  /** Whether there are other keys than those that the request was signed with. */
  async renew(refused: UnsentRequest, signal: AbortSignal): Promise<boolean> {
    const isOurs = (keys: AwsKeys): boolean => refused.headers['authorization']?.includes(`=${keys.accessKeyId}/`) === true
    if (this.signing === undefined || !isOurs(this.signing.keys)) return true
    return !isOurs((await this.obtained(signal)).keys)
  }

  secrets(): readonly Secret[] {
    return [this.signing?.keys, this.earlier].flatMap((keys) =>
      [keys?.secretAccessKey, keys?.sessionToken].filter((secret) => secret !== undefined),
    )
  }

  private async signingWith(signal: AbortSignal): Promise<Signing> {
    const { signing } = this
    if (signing === undefined) return this.obtained(signal)
    if (this.holds(signing.keys, KEY_SKEW_MS)) return signing
    try {
      return await this.obtained(signal)
    } catch (error) {
      // They were to be replaced early so that a source which is away for a moment does no harm.
      if (signal.aborted || !this.holds(signing.keys, 0)) throw error
      return signing
    }
  }

  /** Whether the keys hold for so many milliseconds more. */
  private holds({ expiresAt }: AwsKeys, ms: number): boolean {
    return expiresAt === undefined || this.options.clock.wall() < expiresAt - ms
  }

  /** Fetched once for all who wait; each of them may stop waiting. */
  private obtained(signal: AbortSignal): Promise<Signing> {
    this.pending ??= this.fetch()
    return untilAborted(this.pending, signal)
  }

  private async fetch(): Promise<Signing> {
    try {
      const keys = await this.options.source.obtain()
      const signing = { keys, signer: await createSigner(keys, this.options.scope) }
      this.earlier = this.signing?.keys
      this.signing = signing
      return signing
    } finally {
      this.pending = undefined
    }
  }
}
