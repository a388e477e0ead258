import type { Command } from 'commander'
import { InvalidArgumentError } from 'commander'

/** Options that several commands share, as parsed. */
export interface CommonOptions {
  readonly json?: boolean | undefined
  readonly config?: string | undefined
  readonly dataDir?: string | undefined
  readonly url?: string | undefined
}

const JSON_HELP = 'machine-readable output on stdout'

export const withJson = (command: Command): Command => command.option('--json', JSON_HELP)

export const withConfig = (command: Command): Command =>
  command.option('--config <file>', 'configuration file (default: ./switchback.yaml, then ~/.config/switchback/config.yaml)')

export const withDataDir = (command: Command): Command =>
  command.option(
    '--data-dir <folder>',
    'where the gateway keeps its state (default: SWITCHBACK_HOME, then ~/.local/state/switchback)',
  )

export const withUrl = (command: Command): Command =>
  command.option('--url <url>', 'ask the gateway that runs there, with the key in SWITCHBACK_API_KEY', parseUrl)

/** Of a list, as much as one page holds. */
export const withLimit = (command: Command): Command =>
  command.option('--limit <number>', 'how many at most (default: 100)', parseLimit)

/** Commander shows the message of this error, and of the next. */
function parseLimit(text: string): number {
  const limit = Number(text)
  if (Number.isSafeInteger(limit) && limit >= 1 && limit <= 1_000) return limit
  throw new InvalidArgumentError('Expected a whole number from 1 to 1000.')
}

function parseUrl(text: string): string {
  if (!/^https?:\/\/[^/]/.test(text) || !URL.canParse(text)) throw new InvalidArgumentError('Expected http://host:port.')
  return text
}
