import { createHash, createHmac } from 'node:crypto'

/** What is signed, as whoever receives it sees it. */
export interface SignedRequest {
  readonly method: string
  /** As it came over the wire, with its query. */
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: string | Uint8Array
}

const hmac = (key: string | Uint8Array, text: string): Buffer => createHmac('sha256', key).update(text).digest()
const sha256 = (data: string | Uint8Array): string => createHash('sha256').update(data).digest('hex')
/** As AWS writes the parts of a path once more: everything but letters, digits and `-._~`. */
const escaped = (text: string): string =>
  encodeURIComponent(text).replaceAll(/[!'()*]/g, (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`)

export const signingKey = (secret: string, [date = '', region = '', service = '']: readonly string[]): Buffer =>
  hmac(hmac(hmac(hmac(`AWS4${secret}`, date), region), service), 'aws4_request')

/**
 * The signature that AWS would make of a request, from what its `Authorization` says of itself. Written from the vendor's description, apart
 * from the code that it checks.
 */
export function expectedSignature(request: SignedRequest, secret: string): { readonly expected: string; readonly found: string } {
  const { authorization = '' } = request.headers
  const [, scope = '', names = '', found = ''] =
    /^AWS4-HMAC-SHA256 Credential=[^/]+\/(\S+), SignedHeaders=(\S+), Signature=(\w+)$/.exec(authorization) ?? []
  const [path = '', query = ''] = request.path.split('?')
  const canonical = [
    request.method,
    path.split('/').map(escaped).join('/'),
    query.split('&').sort().join('&'),
    ...names.split(';').map((name) => `${name}:${(request.headers[name] ?? '').trim().replaceAll(/\s+/g, ' ')}`),
    '',
    names,
    request.headers['x-amz-content-sha256'] ?? sha256(request.body),
  ].join('\n')
  const text = ['AWS4-HMAC-SHA256', request.headers['x-amz-date'], scope, sha256(canonical)].join('\n')
  return { expected: hmac(signingKey(secret, scope.split('/')), text).toString('hex'), found }
}
