import { Secret } from '../lib/secret.ts'
import { runProgram } from '../runtime/run-program.ts'

/** Where the operating system keeps the key of a vault. */
export interface Keychain {
  /** Undefined when it has none, is locked, or is not there at all. */
  find(service: string): Promise<Secret | undefined>
  /** Whether it is kept there from now on. It replaces the one before. */
  keep(service: string, key: Secret): Promise<boolean>
}

/** Runs a program; see `runProgram`. */
export type RunKeychainTool = typeof runProgram

const ACCOUNT = 'vault-age-identity'
/** A person may have to unlock it first. */
const TIMEOUT_MS = 60_000

/** The commands of an operating system. The key goes through stdin, never through arguments. */
interface KeychainTool {
  readonly program: string
  readonly find: (service: string) => readonly string[]
  readonly keep: (service: string, key: string) => { readonly arguments: readonly string[]; readonly input: string }
}

/**
 * `security -i` reads whole commands from stdin. `secret-tool` (libsecret) takes the secret from there; its attributes are those that other
 * programs use for a service and its user.
 */
const TOOLS: Readonly<Partial<Record<NodeJS.Platform, KeychainTool>>> = {
  darwin: {
    program: '/usr/bin/security',
    find: (service) => ['find-generic-password', '-s', service, '-a', ACCOUNT, '-w'],
    keep: (service, key) => ({
      arguments: ['-i'],
      input: `add-generic-password -U -s "${service}" -a "${ACCOUNT}" -w "${key}"\n`,
    }),
  },
  linux: {
    program: 'secret-tool',
    find: (service) => ['lookup', 'service', service, 'username', ACCOUNT],
    keep: (service, key) => ({
      arguments: ['store', '--label', 'Switchback vault', 'service', service, 'username', ACCOUNT],
      input: key,
    }),
  },
}

/** The keychain of this machine, through the programs that come with it. One without such a program finds and keeps nothing. */
export function systemKeychain(platform: NodeJS.Platform = process.platform, run: RunKeychainTool = runProgram): Keychain {
  const tool = TOOLS[platform]
  const find = async (service: string): Promise<Secret | undefined> => {
    if (tool === undefined) return undefined
    const found = (await run(tool.program, tool.find(service), TIMEOUT_MS)).trim()
    return found === '' ? undefined : new Secret(found)
  }
  return {
    find,
    async keep(service, key) {
      if (tool === undefined) return false
      const { arguments: words, input } = tool.keep(service, key.reveal())
      await run(tool.program, words, TIMEOUT_MS, input)
      return (await find(service))?.reveal() === key.reveal()
    },
  }
}
