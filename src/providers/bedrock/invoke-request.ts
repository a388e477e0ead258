import { withoutMembers } from '../../lib/json-without-members.ts'
import type { UnsentRequest, UpstreamBody } from '../../transport/transport.ts'
import type { BuildOptions } from '../provider.types.ts'
import { INVOKE_BETAS } from './invoke-betas.data.ts'

const VERSION = 'bedrock-2023-05-31'
/** What the address says, and what is written anew. The API refuses members it does not know. */
const REPLACED = ['model', 'stream', 'anthropic_version', 'anthropic_beta']

/**
 * A Messages request as `InvokeModel` takes it: the model and the manner stand in the address, the version and the betas in the body. The
 * rest of the body stays as it is, byte for byte.
 */
export function invokeRequest(request: UnsentRequest, options: BuildOptions): UnsentRequest {
  const { 'anthropic-beta': own, 'anthropic-version': _version, ...headers } = request.headers
  if (options.operation === 'count-tokens') return { ...request, headers }
  return { ...request, headers, body: enveloped(request.body, betasOf(own, options)) }
}

/** The operator's betas, the encoder's, and those of the client that the API takes. */
function betasOf(own: string | undefined, { betas = [], clientFormat, clientHeaders }: BuildOptions): string[] {
  const clients = clientFormat === 'anthropic' ? clientHeaders.get('anthropic-beta') : null
  const names = new Set([...listed(own), ...betas])
  for (const name of listed(clients)) if (INVOKE_BETAS.has(name)) names.add(name)
  return [...names]
}

const listed = (header: string | null | undefined): string[] =>
  (header ?? '')
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '')

function enveloped(body: UpstreamBody, betas: readonly string[]): Uint8Array[] {
  const rest = withoutMembers(bytesOf(body), REPLACED)
  const start = rest.indexOf(0x7b) + 1
  const told = { anthropic_version: VERSION, ...(betas.length === 0 ? {} : { anthropic_beta: betas }) }
  const isEmpty = /^\s*\}/.test(Buffer.from(rest.subarray(start, start + 64)).toString())
  return [Buffer.from(`${JSON.stringify(told).slice(0, -1)}${isEmpty ? '' : ','}`), rest.subarray(start)]
}

function bytesOf(body: UpstreamBody): Uint8Array {
  if (body === undefined) return Buffer.from('{}')
  if (typeof body === 'string') return Buffer.from(body)
  if (body instanceof Uint8Array) return body
  return Buffer.concat(body.map((piece) => (typeof piece === 'string' ? Buffer.from(piece) : piece)))
}
