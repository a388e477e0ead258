import { claudeBody } from '../claude-body.ts'
import type { BuildOptions, UpstreamBody } from '../provider.types.ts'
import { INVOKE_BETAS } from './invoke-betas.data.ts'

/** Version of the Messages format at Bedrock. */
export const INVOKE_VERSION = 'bedrock-2023-05-31'
/** What the address says, and what is written anew. The API refuses members it does not know. */
const REPLACED = ['model', 'stream', 'anthropic_beta']

/**
 * A Messages body as `InvokeModel` takes it: the model and the manner stand in the address, the version and the betas in the body. `own` are
 * the operator's betas.
 */
export const invokeBody =
  (own: readonly string[]) =>
  (options: BuildOptions): UpstreamBody => {
    if (options.operation !== 'generate') return options.body
    const betas = betasOf(own, options)
    return claudeBody(options.body, { version: INVOKE_VERSION, without: REPLACED, ...(betas.length === 0 ? {} : { betas }) })
  }

/** The operator's betas, the encoder's, and those of the client that the API takes. */
function betasOf(own: readonly string[], { betas = [], clientFormat, clientHeaders }: BuildOptions): string[] {
  const clients = clientFormat === 'anthropic' ? clientHeaders.get('anthropic-beta') : null
  return [...new Set([...own, ...betas, ...listedBetas(clients).filter((name) => INVOKE_BETAS.has(name))])]
}

/** Names in a header of betas. */
export const listedBetas = (header: string | null | undefined): string[] =>
  (header ?? '')
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '')
