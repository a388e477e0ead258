import { createHash, createHmac, type Hash, type Hmac } from 'node:crypto'
import { GatewayError } from '../../errors/gateway-error.ts'
import type { UnsentRequest, UpstreamBody } from '../../transport/transport.ts'
import type { AwsKeys } from './aws-keys.ts'

/** For whom a request is signed. */
export interface SigningScope {
  readonly region: string
  readonly service: string
}

/** Signs requests with one set of keys, whose derived keys it remembers. */
export interface RequestSigner {
  /** `wall` is in Unix milliseconds. */
  sign(request: UnsentRequest, wall: number): Promise<UnsentRequest>
}

/** Signature Version 4. The package is loaded with the first account that signs: nobody else pays for it. */
export async function createSigner(keys: AwsKeys, { region, service }: SigningScope): Promise<RequestSigner> {
  const { SignatureV4 } = await import('@smithy/signature-v4')
  const credentials = {
    accessKeyId: keys.accessKeyId,
    secretAccessKey: keys.secretAccessKey.reveal(),
    ...(keys.sessionToken === undefined ? {} : { sessionToken: keys.sessionToken.reveal() }),
  }
  const signer = new SignatureV4({ service, region, credentials, sha256: Sha256 })
  return {
    async sign(request, wall) {
      const url = new URL(request.url)
      const { headers } = await signer.sign(
        {
          method: request.method,
          protocol: url.protocol,
          hostname: url.hostname,
          // As it is sent: the parts of the path are escaped once more in what is signed.
          path: url.pathname,
          query: Object.fromEntries(url.searchParams),
          headers: signedHeaders(request, url),
        },
        { signingDate: new Date(wall) },
      )
      return { ...request, headers: { ...request.headers, ...headers } }
    },
  }
}

/** Only what says where the request goes and what is in it: whoever stands in between may change the rest. */
function signedHeaders({ headers, body }: UnsentRequest, { host }: URL): Record<string, string> {
  const type = headers['content-type']
  return {
    host,
    ...(type === undefined ? {} : { 'content-type': type }),
    'x-amz-content-sha256': digestOf(body),
  }
}

function digestOf(body: UpstreamBody): string {
  const hash = createHash('sha256')
  for (const piece of piecesOf(body)) hash.update(piece)
  return hash.digest('hex')
}

function piecesOf(body: UpstreamBody): readonly (Uint8Array | string)[] {
  if (body === undefined) return []
  if (typeof body === 'string' || body instanceof Uint8Array) return [body]
  if ('stream' in body)
    throw new GatewayError(
      'internal',
      'A body that is sent as it comes cannot be signed. No provider that signs offers such calls.',
    )
  return body
}

/** The hash that the package asks for, by the runtime's own. */
class Sha256 {
  private readonly hash: Hash | Hmac

  constructor(secret?: string | ArrayBuffer | ArrayBufferView) {
    this.hash = secret === undefined ? createHash('sha256') : createHmac('sha256', keyOf(secret))
  }

  update(data: Uint8Array): void {
    this.hash.update(data)
  }

  digest(): Promise<Uint8Array> {
    return Promise.resolve(this.hash.digest())
  }

  reset(): void {
    // One hash is made for each message.
  }
}

function keyOf(secret: string | ArrayBuffer | ArrayBufferView): string | Uint8Array {
  if (typeof secret === 'string') return secret
  return secret instanceof ArrayBuffer
    ? new Uint8Array(secret)
    : new Uint8Array(secret.buffer, secret.byteOffset, secret.byteLength)
}
