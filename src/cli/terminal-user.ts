import { variable } from '../config/env.ts'
import type { CliContext } from './cli-context.ts'

/** Name of the person at the terminal, as the system gives it. */
export const terminalUser = ({ surroundings: { env } }: Pick<CliContext, 'surroundings'>): string | undefined =>
  variable(env, 'USER') ?? variable(env, 'LOGNAME')
