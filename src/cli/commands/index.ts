import type { CommandDefinition } from '../command.ts'
import { accountCommand } from './account.ts'
import { configCommand } from './config.ts'
import { doctorCommand } from './doctor.ts'
import { explainCommand } from './explain.ts'
import { healthCommand } from './health.ts'
import { modelCommand } from './model.ts'
import { priceCommand } from './price.ts'
import { providerCommand } from './provider.ts'
import { replayCommand } from './replay.ts'
import { routePreviewCommand } from './route-preview.ts'
import { serveCommand } from './serve.ts'
import { testCommand } from './test.ts'

/** All commands, in the order of the help text. */
export const COMMANDS: readonly CommandDefinition[] = [
  serveCommand,
  explainCommand,
  routePreviewCommand,
  healthCommand,
  providerCommand,
  accountCommand,
  modelCommand,
  replayCommand,
  testCommand,
  priceCommand,
  configCommand,
  doctorCommand,
]
