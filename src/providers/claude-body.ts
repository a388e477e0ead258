import { asBuffer } from '../lib/as-buffer.ts'
import { withoutMembers } from '../lib/json-without-members.ts'
import type { UpstreamBody } from './provider.types.ts'

/** What a cloud changes in a Messages body. */
export interface ClaudeBodyEdit {
  /** Version of the format, as the cloud counts it. */
  readonly version: string
  /** Members that stand elsewhere in its calls, or mean nothing to it. */
  readonly without: readonly string[]
  /** Betas, where the cloud wants them in the body. */
  readonly betas?: readonly string[] | undefined
}

/** A Messages body as a cloud takes it: its version within, and what its address says taken out. Everything else stays byte for byte. */
export function claudeBody(body: UpstreamBody, { version, without, betas }: ClaudeBodyEdit): UpstreamBody {
  const rest = asBuffer(withoutMembers(bytesOf(body), ['anthropic_version', ...without]))
  const start = rest.indexOf('{') + 1
  const isEmpty = /^\s*\}/.test(rest.toString('latin1', start, start + 64))
  const members = JSON.stringify({ anthropic_version: version, anthropic_beta: betas }).slice(0, -1)
  return [Buffer.from(`${members}${isEmpty ? '' : ','}`), rest.subarray(start)]
}

/** The whole body in one piece. */
export function bytesOf(body: UpstreamBody): Uint8Array {
  if (typeof body === 'string') return Buffer.from(body)
  return body instanceof Uint8Array ? body : Buffer.concat(body)
}
