import type { WireFormat } from './wire-format.ts'

/**
 * Fields of a wire object that the canonical form does not model. They are replayed when the object is encoded to the
 * same format again and reported as lost (`extension`) when it is encoded to another one.
 */
export interface Extra {
  readonly format: WireFormat
  readonly fields: Record<string, unknown>
}

/** What every node decoded from a client body can carry. */
export interface Sourced {
  /** JSON pointer of the node in the body it was decoded from; undefined for nodes the gateway made itself. */
  path?: string | undefined
  extra?: Extra | undefined
}
