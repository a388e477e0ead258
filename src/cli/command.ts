import type { Command } from 'commander'
import type { CliContext } from './cli-context.ts'

/** Runs one command to its end; resolves with the exit code. A `GatewayError` it throws is told by the caller. */
export type Run = (context: CliContext) => Promise<number>

/** Hands a parsed command over for execution; `json` says how a failure is to be told. */
export type Execute = (run: Run, json: boolean) => Promise<void>

/** One command (or a group of them): its options and what it does. */
export interface CommandDefinition {
  /** Adds the command to the program. */
  define(program: Command, execute: Execute): void
}
