import { asBuffer } from '../../lib/as-buffer.ts'
import { familyOf } from './encode-context.ts'
import { STAND_IN_SIGNATURE } from './signature.ts'

const STAND_IN = Buffer.from(STAND_IN_SIGNATURE)

/** The stand-in for a signature that the gateway gave the client is for models that demand one; it must not reach others. */
export function passthroughRefusals(body: Uint8Array, model: string): readonly string[] {
  return !familyOf(model).demandsSignatures && asBuffer(body).includes(STAND_IN) ? ['stand_in_signature'] : []
}
