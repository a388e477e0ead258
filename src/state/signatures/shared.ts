import type { Coordination } from '../coordination/store.ts'
import { callHash } from './call-hash.ts'
import type { SignatureStore, SignedCall } from './store.ts'

const TOPIC = 'signature'
/** A day: longer than any replica remembers one. */
const TOO_OLD_MS = 86_400_000
/** Longer ones stay here: a conversation mostly comes back to the replica that began its turn. */
const LONGEST_ANNOUNCED = 32 * 1024

export interface SharedSignaturesOptions {
  /** What this replica remembers, its own and those of others. */
  readonly local: SignatureStore
  readonly coordination: Pick<Coordination, 'announce' | 'listen'>
}

/** Signatures that every replica knows. Of a call the others hear a hash. */
export function createSharedSignatures({ local, coordination }: SharedSignaturesOptions): SignatureStore {
  coordination.listen(TOPIC, ({ call, signature }, ageMs) => {
    if (typeof call === 'string' && typeof signature === 'string' && ageMs < TOO_OLD_MS) local.remember(hashed(call), signature)
  })
  return {
    remember(call, signature) {
      const hash = callHash(call)
      local.remember(hashed(hash), signature)
      if (signature.length <= LONGEST_ANNOUNCED) coordination.announce(TOPIC, { call: hash, signature })
    },
    recall: (call) => local.recall(hashed(callHash(call))),
    get size() {
      return local.size
    },
  }
}

const hashed = (callId: string): SignedCall => ({ owner: '', callId })
