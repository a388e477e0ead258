import { isObject } from '../../ir/json.ts'
import type { Clock } from '../../lib/clock.ts'
import { quietJson } from '../../lib/quiet-json.ts'
import { Secret } from '../../lib/secret.ts'
import { within } from '../../lib/within.ts'
import type { AwsKeys } from './aws-keys.ts'
import { splitCommand } from './split-command.ts'

/** Runs a program without a shell; resolves with what it wrote, empty when it failed or took longer than `timeoutMs`. */
export type RunProgram = (program: string, words: readonly string[], timeoutMs: number) => Promise<string>

export interface ProcessKeyDeps {
  readonly run: RunProgram
  readonly clock: Pick<Clock, 'wall' | 'sleep'>
}

/** Longest wait for a program. */
const TIMEOUT_MS = 30_000

/**
 * Keys that a program prints (`credential_process`): a JSON object with `Version` 1, `AccessKeyId`, `SecretAccessKey`, and for keys that end
 * `SessionToken` and `Expiration`. Else a reason, which repeats nothing of what it printed.
 */
export async function processKeys(command: string, { run, clock }: ProcessKeyDeps): Promise<AwsKeys | string> {
  const [program, ...words] = splitCommand(command) ?? []
  if (program === undefined || program === '') return 'has a `credential_process` that is no command: a quote in it is not closed'
  const text = await within(run(program, words, TIMEOUT_MS), { clock, ms: TIMEOUT_MS, late: () => '' })
  if (text === '')
    return `has a \`credential_process\` that printed nothing: it is missing, failed, or took more than ${TIMEOUT_MS / 1000} s`
  const keys = keysIn(text)
  if (keys === undefined) return 'has a `credential_process` that printed no keys in the form of Version 1'
  if (keys.expiresAt !== undefined && keys.expiresAt <= clock.wall())
    return 'has a `credential_process` that printed keys which have ended'
  return keys
}

function keysIn(text: string): AwsKeys | undefined {
  const value = quietJson(text)
  if (!isObject(value) || value['Version'] !== 1) return undefined
  const { AccessKeyId: id, SecretAccessKey: secret, SessionToken: token, Expiration: expiration } = value
  if (typeof id !== 'string' || id === '' || typeof secret !== 'string' || secret === '') return undefined
  const expiresAt = typeof expiration === 'string' ? Date.parse(expiration) : undefined
  if (Number.isNaN(expiresAt)) return undefined
  return {
    accessKeyId: id,
    secretAccessKey: new Secret(secret),
    sessionToken: typeof token === 'string' && token !== '' ? new Secret(token) : undefined,
    expiresAt,
  }
}
