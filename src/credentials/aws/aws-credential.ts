import type { Clock } from '../../lib/clock.ts'
import type { Secret } from '../../lib/secret.ts'
import type { UnsentRequest } from '../../transport/transport.ts'
import type { Credential } from '../credential.types.ts'
import { Renewal } from '../renewal.ts'
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

/** Signs requests with the keys of a source. */
export class AwsCredential implements Credential {
  private readonly signings: Renewal<Signing>
  private readonly clock: Pick<Clock, 'wall'>

  constructor({ source, scope, clock }: AwsCredentialOptions) {
    this.clock = clock
    this.signings = new Renewal({
      async obtain() {
        const keys = await source.obtain()
        return { keys, signer: await createSigner(keys, scope) }
      },
      endOf: ({ keys }) => keys.expiresAt,
      earlyMs: KEY_SKEW_MS,
      clock,
    })
  }

  async authorize(request: UnsentRequest, signal: AbortSignal): Promise<UnsentRequest> {
    const { signer } = await this.signings.current(signal)
    return signer.sign(request, this.clock.wall())
  }

  /** Whether there are other keys than those that the request was signed with. */
  async renew(refused: UnsentRequest, signal: AbortSignal): Promise<boolean> {
    const isOurs = ({ keys }: Signing): boolean => refused.headers['authorization']?.includes(`=${keys.accessKeyId}/`) === true
    const { held } = this.signings
    if (held === undefined || !isOurs(held)) return true
    return !isOurs(await this.signings.replaced(held, signal))
  }

  secrets(): readonly Secret[] {
    const { held, earlier } = this.signings
    return [held, earlier].flatMap((signing) =>
      [signing?.keys.secretAccessKey, signing?.keys.sessionToken].filter((secret) => secret !== undefined),
    )
  }
}
