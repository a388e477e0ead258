import { readFileSync } from 'node:fs'
import { GatewayError } from '../errors/gateway-error.ts'
import { isObject } from '../ir/json.ts'
import { replaceFile } from '../lib/replace-file.ts'
import { Secret } from '../lib/secret.ts'
import { VAULT_KEY_VARIABLE } from './vault-key.ts'
import { withVaultLock } from './vault-lock.ts'

/** Secrets by name. */
export type VaultEntries = ReadonlyMap<string, Secret>

const ARMOR = '-----BEGIN AGE ENCRYPTED FILE-----'
/** Far more than any set of keys; a larger file is no vault. */
const MOST_BYTES = 4 * 1024 * 1024

interface ReadVault {
  readonly entries: VaultEntries
  /** Whether the file is text, which it then stays. */
  readonly armored: boolean
}

/**
 * The secrets of a vault; none when there is no file. Throws `config_invalid` when the key does not open it or what is inside is no map of
 * texts, `state_unavailable` when the file cannot be read.
 */
export const readVault = async (path: string, identity: Secret): Promise<VaultEntries> => (await open(path, identity)).entries

/** Whether there is such a file. */
export const vaultExists = (path: string): boolean => readBytes(path) !== undefined

/**
 * Changes the secrets of a vault, which is made when there is none. One process at a time; whoever reads meanwhile sees the secrets before
 * or after. Resolves with what `change` returned. Throws as `readVault`; nothing is changed then.
 */
export function changeVault<Result>(
  path: string,
  identity: Secret,
  change: (entries: Map<string, Secret>) => Result,
): Promise<Result> {
  return withVaultLock(path, async () => {
    const { entries, armored } = await open(path, identity)
    const changed = new Map(entries)
    const result = change(changed)
    await write(path, { entries: changed, armored }, [identity])
    return result
  })
}

/**
 * Encrypts a vault with another key. Until `keep` has resolved, which puts the new key into its place, both keys open the file: a crash at
 * any moment locks nobody out. Throws as `readVault`, or what `keep` throws; then both keys still do, because it may have kept the new one
 * all the same.
 */
export function rekeyVault(path: string, from: Secret, to: Secret, keep: () => Promise<void>): Promise<void> {
  return withVaultLock(path, async () => {
    const vault = await open(path, from)
    await write(path, vault, [from, to])
    await keep()
    await write(path, vault, [to])
  })
}

/** A new secret key of the classic kind (X25519), which every version of age reads. */
export async function generateVaultKey(): Promise<Secret> {
  const { generateX25519Identity } = await import('age-encryption')
  return new Secret(await generateX25519Identity())
}

/** The public key that goes with a secret key. Throws `config_invalid` for a mistyped one. */
export async function recipientOf(identity: Secret): Promise<string> {
  const { identityToRecipient } = await import('age-encryption')
  try {
    return await identityToRecipient(identity.reveal())
  } catch {
    // The library's words could repeat the key.
    throw new GatewayError('config_invalid', 'The secret key of the vault is mistyped: its checksum is wrong. Copy it again.')
  }
}

async function open(path: string, identity: Secret): Promise<ReadVault> {
  const bytes = readBytes(path)
  if (bytes === undefined) return { entries: new Map(), armored: false }
  const { armor, Decrypter } = await import('age-encryption')
  await recipientOf(identity)
  const armored = bytes.subarray(0, ARMOR.length).toString() === ARMOR
  let text: string
  try {
    const decrypter = new Decrypter()
    decrypter.addIdentity(identity.reveal())
    text = await decrypter.decrypt(armored ? armor.decode(bytes.toString()) : bytes, 'text')
  } catch {
    // The reason could hold parts of what was read.
    throw new GatewayError(
      'config_invalid',
      `The vault ${path} cannot be opened: its key is another one, or the file is damaged or no age file. Check ${VAULT_KEY_VARIABLE} or the keychain.`,
    )
  }
  return { entries: parseEntries(text, path), armored }
}

function readBytes(path: string): Buffer | undefined {
  try {
    const bytes = readFileSync(path)
    if (bytes.length <= MOST_BYTES) return bytes
  } catch (cause) {
    const code = cause instanceof Error && 'code' in cause ? String(cause.code) : 'unknown reason'
    if (code === 'ENOENT') return undefined
    throw new GatewayError('state_unavailable', `The vault ${path} cannot be read (${code}). Check the path and its rights.`, {
      cause,
    })
  }
  throw new GatewayError('config_invalid', `The vault ${path} is larger than 4 MiB, which none is. Check the path.`)
}

function parseEntries(text: string, path: string): VaultEntries {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    // Told below; the parser's words could quote a secret.
  }
  const entries = isObject(value) ? Object.entries(value) : undefined
  if (entries === undefined || entries.some(([, secret]) => typeof secret !== 'string')) {
    throw new GatewayError(
      'config_invalid',
      `The vault ${path} was opened and holds no map of names to texts (JSON). It was made by something else: choose another path.`,
    )
  }
  return new Map(entries.map(([name, secret]) => [name, new Secret(String(secret))]))
}

async function write(path: string, { entries, armored }: ReadVault, identities: readonly Secret[]): Promise<void> {
  const { armor, Encrypter } = await import('age-encryption')
  const encrypter = new Encrypter()
  for (const identity of identities) encrypter.addRecipient(await recipientOf(identity))
  const sorted = [...entries].sort(([left], [right]) => (left < right ? -1 : 1))
  const plain = JSON.stringify(Object.fromEntries(sorted.map(([name, secret]) => [name, secret.reveal()])))
  const encrypted = await encrypter.encrypt(plain)
  try {
    replaceFile(path, armored ? armor.encode(encrypted) : encrypted)
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause)
    throw new GatewayError(
      'state_unavailable',
      `The vault ${path} cannot be written: ${reason}. Nothing was changed. Check the rights and the space of its folder.`,
      { cause },
    )
  }
}
