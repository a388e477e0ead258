import { isObject, type JsonObject } from '../../ir/json.ts'
import type { EncodeContext } from './encode-context.ts'
import { STAND_IN_SIGNATURE } from './signature.ts'

/**
 * Puts the documented stand-in where a model demands a signature and there is none: at the first call of each step of the turn that is
 * going on, which is what the vendor checks. Calls of other vendors' models never had one, and some clients drop it.
 */
export function addMissingSignatures(contents: readonly JsonObject[], context: EncodeContext): void {
  if (!context.family.demandsSignatures) return
  for (const content of contents.slice(turnStart(contents))) {
    if (content['role'] !== 'model') continue
    const call = partsOf(content).find((part) => part['functionCall'] !== undefined)
    if (call === undefined || call['thoughtSignature'] !== undefined) continue
    call['thoughtSignature'] = STAND_IN_SIGNATURE
    context.report.edited('part.reasoning_signature', undefined, 'a call without a signature got the stand-in for one')
  }
}

/** Where the turn that is going on begins: with the last thing the user said that answers no call. */
function turnStart(contents: readonly JsonObject[]): number {
  const last = contents.findLastIndex(
    (content) => content['role'] === 'user' && partsOf(content).every((part) => part['functionResponse'] === undefined),
  )
  return last + 1
}

const partsOf = (content: JsonObject): JsonObject[] => (Array.isArray(content['parts']) ? content['parts'].filter(isObject) : [])
