import { writeFileSync } from 'node:fs'
import { GatewayError } from '../../errors/gateway-error.ts'
import type { Secret } from '../../lib/secret.ts'

/** A key of age, made for somebody to keep. */
export interface KeyPair {
  readonly identity: Secret
  readonly recipient: string
}

/** The text of a key file, as `age-keygen` writes it: usable with `age --decrypt --identity`. */
export const keyFileText = ({ identity, recipient }: KeyPair): string => `# public key: ${recipient}\n${identity.reveal()}\n`

/** Writes a key into a new file, for its owner alone. Throws `config_invalid` when there is such a file already. */
export function saveKeyFile(path: string, pair: KeyPair): void {
  try {
    writeFileSync(path, keyFileText(pair), { flag: 'wx', mode: 0o600, flush: true })
  } catch (cause) {
    const exists = cause instanceof Error && 'code' in cause && cause.code === 'EEXIST'
    const reason = cause instanceof Error ? cause.message : String(cause)
    throw new GatewayError(
      exists ? 'config_invalid' : 'state_unavailable',
      exists
        ? `There is a file ${path} already; a key never replaces one. Name a new file.`
        : `The key cannot be written to ${path}: ${reason}. Nothing was changed.`,
      { cause },
    )
  }
}
