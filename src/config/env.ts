import { homedir } from 'node:os'

/** Environment variables by name. */
export type Environment = Readonly<Record<string, string | undefined>>

/** What the process was started with. */
export interface ProcessSurroundings {
  readonly env: Environment
  readonly cwd: string
  readonly home: string
}

/** The one place that reads the process environment; everything else gets it passed in. */
export function readSurroundings(): ProcessSurroundings {
  return { env: { ...process.env }, cwd: process.cwd(), home: homedir() }
}

/** The value of a variable; one that is set but empty counts as unset, as everywhere in this program. */
export function variable(env: Environment, name: string): string | undefined {
  const value = Object.hasOwn(env, name) ? env[name]?.trim() : undefined
  return value === '' ? undefined : value
}
