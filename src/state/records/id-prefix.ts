import { GatewayError } from '../../errors/gateway-error.ts'

const ID_MARK = 'req_'

/** What a person typed as the beginning of a request id, with the `req_` that may be left out. */
export function completePrefix(typed: string): string {
  return typed.startsWith(ID_MARK) ? typed : `${ID_MARK}${typed}`
}

/** The error for a beginning that fits more than one request. */
export function ambiguousPrefix(typed: string, matches: readonly string[]): GatewayError {
  return new GatewayError(
    'record_not_found',
    `"${typed}" fits more than one request: ${matches.join(', ')} … Give more of the id.`,
  )
}
