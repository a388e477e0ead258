import { GatewayError } from '../errors/gateway-error.ts'
import type { CliContext } from './cli-context.ts'

/**
 * A secret from a file or stdin (`-`), else from the person at the terminal, else from stdin. Never from arguments, which every process of
 * the machine can read. Throws `config_invalid` when the file cannot be read.
 */
export function readSecret(context: CliContext, from: string | undefined, question: string): Promise<string> {
  if (from === undefined && context.terminal !== undefined) return context.terminal.askSecret(question)
  const path = from ?? '-'
  return context.readText(path).catch((cause: unknown) => {
    throw new GatewayError('config_invalid', `The secret cannot be read from ${path}. Check the path of the file.`, { cause })
  })
}
