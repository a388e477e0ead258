import type { CommandDefinition } from '../command.ts'
import { accountCommand } from './account.ts'
import { alertsCommand } from './alerts.ts'
import { captureCommand } from './capture.ts'
import { auditCommand } from './audit.ts'
import { configCommand } from './config.ts'
import { doctorCommand } from './doctor.ts'
import { explainCommand } from './explain.ts'
import { healthCommand } from './health.ts'
import { keyCommand } from './key.ts'
import { modelCommand } from './model.ts'
import { ownerCommand } from './owner.ts'
import { priceCommand } from './price.ts'
import { projectCommand } from './project.ts'
import { providerCommand } from './provider.ts'
import { replayCommand } from './replay.ts'
import { routePreviewCommand } from './route-preview.ts'
import { serveCommand } from './serve.ts'
import { tenantCommand } from './tenant.ts'
import { stateCommand } from './state.ts'
import { testCommand } from './test.ts'
import { usageCommand } from './usage.ts'
import { vaultCommand } from './vault.ts'

/** All commands, in the order of the help text. */
export const COMMANDS: readonly CommandDefinition[] = [
  serveCommand,
  explainCommand,
  routePreviewCommand,
  healthCommand,
  providerCommand,
  accountCommand,
  modelCommand,
  vaultCommand,
  keyCommand,
  ownerCommand,
  tenantCommand,
  projectCommand,
  auditCommand,
  usageCommand,
  alertsCommand,
  captureCommand,
  replayCommand,
  testCommand,
  priceCommand,
  stateCommand,
  configCommand,
  doctorCommand,
]
