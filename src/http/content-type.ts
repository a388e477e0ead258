import { GatewayError } from '../errors/gateway-error.ts'

/** Bytes of no type are what Amazon's SDKs call the body of `InvokeModel`. No browser sends them to a stranger without asking. */
const JSON_TYPE = /^application\/(?:json|octet-stream|[a-z0-9!#$&^_.+-]+\+json)\s*(?:;|$)/i
const CHARSET = /;\s*charset\s*=\s*"?([^";\s]+)/i

/** Throws `unsupported_media_type` unless the body is declared as UTF-8 JSON, or not declared at all. */
export function checkContentType(contentType: string | null): void {
  // What SDKs send, without the work of parsing it.
  if (contentType === 'application/json' || contentType === null) return
  const charset = CHARSET.exec(contentType)?.[1]?.toLowerCase()
  if (!JSON_TYPE.test(contentType.trim())) {
    throw new GatewayError('unsupported_media_type', 'The body must be JSON: send the header "content-type: application/json".')
  }
  if (charset !== undefined && charset !== 'utf-8' && charset !== 'utf8' && charset !== 'us-ascii') {
    throw new GatewayError(
      'unsupported_media_type',
      'The body must be encoded as UTF-8: send the header "content-type: application/json".',
    )
  }
}
