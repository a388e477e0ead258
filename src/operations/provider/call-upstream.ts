import type { GatewayError } from '../../errors/gateway-error.ts'
import { limitedText } from '../../transport/limited-text.ts'
import type { UnsentRequest } from '../../transport/transport.ts'
import type { Upstream } from './open-upstream.ts'

/** Lists of models of large resellers have a few megabytes; nothing else comes near. */
const LONGEST_ANSWER = 16 * 1024 * 1024

/** Sends a request to an upstream with what its account proves itself by. Rejects as `Provider.send`. */
export async function sendTo({ provider, account }: Upstream, request: UnsentRequest, signal: AbortSignal): Promise<Response> {
  const credential = provider.credentialOf(account)
  const built = { egress: account.egress, ...request }
  return provider.send(credential === undefined ? built : await credential.authorize(built, signal), signal)
}

/** The body of an answer, within reason. */
export const bodyText = (response: Response): Promise<string> => limitedText(response, LONGEST_ANSWER)

/** What an error answer of an upstream means; `text` is its body. */
export function refusalOf({ provider }: Upstream, { status, headers }: Response, text: string): GatewayError {
  return provider.classify(status, provider.codec.decodeError(status, parsed(text)), headers)
}

/** A body as JSON, or as the text it is. */
export function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}
