import { z } from 'zod'
import { Secret } from './secret.ts'

/**
 * Building blocks of configuration schemas. The text of a failed check is what was *expected*; the loader adds what was found,
 * where, and the nearest valid name.
 */

/** Largest delay a timer takes; longer ones would fire at once. */
const MAX_TIMER_MS = 2_147_483_647

export const identifier = (): z.ZodString =>
  z
    .string()
    .regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/, 'a name of letters, digits, dots, dashes and underscores, without a slash')

export const nonEmpty = (): z.ZodString => z.string().min(1, 'text that is not empty')

/** Milliseconds, at least one: a limit of zero would refuse everything. */
export const milliseconds = (): z.ZodInt =>
  z.int('a whole number of milliseconds').min(1, 'at least 1 ms').max(MAX_TIMER_MS, `at most ${MAX_TIMER_MS} ms`)

/** Milliseconds of a pause, where zero means none. */
export const pause = (): z.ZodInt =>
  z.int('a whole number of milliseconds').min(0, 'at least 0 ms').max(MAX_TIMER_MS, `at most ${MAX_TIMER_MS} ms`)

export const positive = (): z.ZodInt => z.int('a whole number').min(1, 'at least 1')

/** A share between 0 and 1, both included. */
export const share = (): z.ZodNumber => z.number('a share between 0 and 1').min(0, 'at least 0').max(1, 'at most 1')

/**
 * A secret written in the file. It stays as written (`${NAME}` is resolved where it is used), inside a value that never shows itself.
 */
export const secretText = (): z.ZodPipe<z.ZodString, z.ZodTransform<Secret, string>> =>
  z.string().transform((text) => new Secret(text))

/** The name of an environment variable that holds a secret. */
export const environmentName = (): z.ZodString =>
  z
    .string()
    .regex(
      /^[A-Za-z_][A-Za-z0-9_]{0,127}$/,
      'the NAME of an environment variable (letters, digits, underscores), not the key itself',
    )

/** The three spellings under which a variable that holds a key can be named. */
export const keyVariableFields = (what: string): Record<'api_key_env' | 'key_env' | 'env', z.ZodOptional<z.ZodString>> => ({
  api_key_env: environmentName().optional().describe(`Name of the environment variable that holds ${what}.`),
  key_env: environmentName().optional().describe('Another spelling of `api_key_env`.'),
  env: environmentName().optional().describe('Another spelling of `api_key_env`.'),
})

/** The file that holds a key, alone on its line. */
export const keyFileField = (what: string): Record<'key_file', z.ZodOptional<z.ZodString>> => ({
  key_file: nonEmpty().optional().describe(`File that holds ${what}, read again when it changes.`),
})

/** What the vault calls a secret: also a word of a command line, and never the secret itself. */
export const VAULT_NAME = /^[A-Za-z0-9][A-Za-z0-9._/-]{0,127}$/

/** The name of a secret in the vault. */
export const vaultName = (what: string): z.ZodString =>
  z
    .string()
    .regex(VAULT_NAME, 'the NAME of a secret in the vault (letters, digits, dots, dashes, underscores, slashes)')
    .describe(`Name under which the vault keeps ${what}. It goes before a variable.`)

/** An absolute http or https address without credentials, query and fragment. */
export const httpAddress = (): z.ZodString =>
  z
    .string()
    .refine(
      (text) => isHttpAddress(text) && !text.includes('?'),
      'an http:// or https:// address without credentials, query or fragment',
    )

/** As `httpAddress`, and a query is allowed: some upstreams want their version there. */
export const upstreamAddress = (): z.ZodString =>
  z.string().refine(isHttpAddress, 'an http:// or https:// address without credentials or fragment')

function isHttpAddress(text: string): boolean {
  if (!URL.canParse(text) || /[#\s]/.test(text)) return false
  const url = new URL(text)
  return /^https?:$/.test(url.protocol) && url.hostname !== '' && url.username === '' && url.password === ''
}

/** A span of time such as `30d`, `12h`, `90m`; `forever` for no limit. */
export const duration = (): z.ZodString =>
  z
    .string('a span of time such as 30d, 12h or 90m, or `forever`')
    .regex(/^([1-9]\d{0,5}[mhdw]|forever)$/, 'a span of time such as 30d, 12h or 90m, or `forever`')

const UNIT_MS = { m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 } as const

/** Milliseconds of a `duration()`; undefined for `forever`. */
export function durationMs(text: string): number | undefined {
  const unit = text.at(-1)
  if (unit !== 'm' && unit !== 'h' && unit !== 'd' && unit !== 'w') return undefined
  return Number.parseInt(text, 10) * UNIT_MS[unit]
}

/** Overrides of upstream time limits; what is left out is inherited. */
export const timeoutFields = {
  connect_ms: milliseconds().optional().describe('Longest wait for a connection to the upstream. Default 10000.'),
  read_ms: milliseconds().optional().describe('Longest silence between two pieces of an answer. Default 300000.'),
  first_token_ms: milliseconds().optional().describe('Longest wait for the first piece of an answer. Default 120000.'),
  total_ms: milliseconds()
    .nullable()
    .optional()
    .describe('Longest duration of a whole attempt; `null` for no limit. Default: no limit.'),
}

/** When answers are compared with the schemas of their requests. */
export const answerSchema = (): z.ZodEnum<{ off: 'off'; downleveled: 'downleveled'; always: 'always' }> =>
  z.enum(['off', 'downleveled', 'always'])

/** What to do when an upstream format cannot carry a part of a request. */
export const translationPolicy = (): z.ZodEnum<{ allow: 'allow'; warn: 'warn'; strict: 'strict' }> =>
  z.enum(['allow', 'warn', 'strict'])
