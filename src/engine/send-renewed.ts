import type { GatewayError } from '../errors/gateway-error.ts'
import type { UnsentRequest } from '../transport/transport.ts'
import type { AttemptInput } from './attempt.ts'

export interface RefusedRequest {
  /** As it was built, without a credential. */
  readonly built: UnsentRequest
  /** As it was sent. */
  readonly sent: UnsentRequest
  readonly failure: GatewayError
}

/**
 * The answer to a request that is sent once more, where its credential was refused and could be renewed. Rejects with the failure that there
 * was in every other case.
 */
export async function sendRenewed(
  { call, provider, account }: Pick<AttemptInput, 'call' | 'provider' | 'account'>,
  { built, sent, failure }: RefusedRequest,
  signal: AbortSignal,
): Promise<Response> {
  const credential = provider.credentialOf(account)
  if (credential?.renew === undefined || failure.code !== 'upstream_authentication') throw failure
  if (call.endpoint?.isSpent === true) throw failure
  if (!(await credential.renew(sent, signal))) throw failure
  return provider.send(await credential.authorize(built, signal), signal)
}
