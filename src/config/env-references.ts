import { variable, type Environment } from './env.ts'

export interface Expansion {
  /** The text with every reference replaced; unset ones are left as written. */
  readonly text: string
  /** Variables that are unset and have no default, each once. */
  readonly missing: readonly string[]
  /** Whether a `${` is neither a reference nor escaped. */
  readonly malformed: boolean
}

const REFERENCE = /\$\$\{|\$\{([A-Za-z_][A-Za-z0-9_]*)(?::-([^}]*))?\}|\$\{/g

/**
 * Replaces `${NAME}` and `${NAME:-default}` by the value of the variable; `$${` stands for a plain `${`. What a variable holds is
 * not expanded again.
 */
export function expandReferences(text: string, env: Environment): Expansion {
  if (!text.includes('${')) return { text, missing: [], malformed: false }
  const missing = new Set<string>()
  let malformed = false
  const expanded = text.replace(REFERENCE, (whole: string, name: string | undefined, fallback: string | undefined) => {
    if (whole === '$${') return '${'
    if (name === undefined) {
      malformed = true
      return whole
    }
    const value = variable(env, name) ?? fallback
    if (value !== undefined) return value
    missing.add(name)
    return whole
  })
  return { text: expanded, missing: [...missing], malformed }
}

/** Whether the text is exactly one reference, so that its value may stand for a number or a truth value. */
export const isSingleReference = (text: string): boolean => /^\$\{[A-Za-z_][A-Za-z0-9_]*(?::-[^}]*)?\}$/.test(text)
