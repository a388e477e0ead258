import type { CommandDefinition } from '../command.ts'
import { configCommand } from './config.ts'
import { explainCommand } from './explain.ts'
import { priceCommand } from './price.ts'
import { replayCommand } from './replay.ts'
import { routePreviewCommand } from './route-preview.ts'
import { serveCommand } from './serve.ts'
import { testCommand } from './test.ts'

/** All commands, in the order of the help text. */
export const COMMANDS: readonly CommandDefinition[] = [
  serveCommand,
  explainCommand,
  routePreviewCommand,
  replayCommand,
  testCommand,
  priceCommand,
  configCommand,
]
