import { z } from 'zod'
import { apiKeySchema, serverSchema } from '../http/server.schema.ts'
import { identifier, nonEmpty, positive } from '../lib/config-fields.ts'
import { budget, callerLimits } from '../lib/limit-fields.ts'
import { alertsSchema } from '../observability/alerts/alerts.schema.ts'
import { telemetrySchema } from '../observability/telemetry.schema.ts'
import { providerSchema } from '../providers/provider.schema.ts'
import { combosSchema, comboSchema } from '../routing/combo.schema.ts'
import { profileSchema } from '../routing/profile.schema.ts'
import { routeSchema } from '../routing/route.schema.ts'
import { captureSchema } from '../state/captures/captures.schema.ts'
import { ledgerSchema, retentionSchema, stateSchema } from '../state/state.schema.ts'
import { egressSchema } from '../transport/egress.schema.ts'
import { vaultSchema } from '../vault/vault.schema.ts'

const names = (description: string) => z.array(nonEmpty()).default([]).describe(description)

const tenantSchema = z
  .strictObject({
    id: identifier().describe('Name of the tenant, as `api_keys[].tenant` gives it.'),
    limits: callerLimits.describe('Limits of all keys of the tenant together.'),
    budget: budget.describe('What all keys of the tenant together may spend.'),
    max_concurrency: positive().nullable().optional().describe('Short form of `limits.max_concurrency`.'),
    budget_usd: z
      .number('an amount in US dollars')
      .min(0, 'at least 0')
      .nullable()
      .optional()
      .describe('Short form of `budget.max_usd`.'),
    allowed_models: names('Models its keys may name; `*` stands for any text. Empty: all.'),
    allowed_routes: names('Routes its keys may be served by, also `direct`, `combo/…` and `default:…`. Empty: all.'),
    allowed_providers: names('Providers its calls may go to. Empty: all.'),
    allowed_accounts: names('Accounts its calls may use, as `provider/account`. Empty: all.'),
  })
  .describe('A tenant: those who share limits and are kept apart from others.')

const projectSchema = z
  .strictObject({
    id: nonEmpty().describe('Name of the project, as `api_keys[].project` gives it.'),
    tenant: nonEmpty().optional().describe('Tenant the project belongs to.'),
    limits: callerLimits.describe('Limits of all keys of the project together.'),
    budget: budget.describe('What all keys of the project together may spend.'),
  })
  .describe('Limits of a project within its tenant.')

const ownerSchema = z
  .strictObject({
    id: nonEmpty().describe('Name of the owner, as `api_keys[].owner` gives it.'),
    limits: callerLimits.describe('Limits of all keys of the owner together.'),
    budget: budget.describe('What all keys of the owner together may spend.'),
  })
  .describe('Limits of a person or team with one or several keys.')

/** Sections that are one mapping each. */
export const SECTION_SCHEMAS = {
  server: serverSchema.prefault({}).describe('How the gateway listens, and the defaults for everything it does.'),
  state: stateSchema.prefault({}).describe('Where the gateway keeps what must outlive a request.'),
  ledger: ledgerSchema.prefault({}).describe('The account of what calls cost.'),
  retention: retentionSchema.prefault({}).describe('How long things are kept.'),
  telemetry: telemetrySchema.prefault({}).describe('Spans and metrics over OpenTelemetry (OTLP).'),
  alerts: alertsSchema.prefault({}).describe('Who is told when something is wrong, and what that is.'),
  capture: captureSchema.prefault({}).describe('Bodies that an admin may have captured for support, encrypted.'),
  vault: vaultSchema.prefault({}).describe('Keys of providers in an encrypted file.'),
} as const

/** Sections that are lists; every entry is checked by itself. */
export const LIST_SCHEMAS = {
  api_keys: apiKeySchema,
  tenants: tenantSchema,
  projects: projectSchema,
  owners: ownerSchema,
  providers: providerSchema,
  egress: egressSchema,
  routes: routeSchema,
  combos: comboSchema,
  profiles: profileSchema,
  policy_tests: nonEmpty(),
} as const

/** The whole configuration. */
export const configSchema = z.strictObject({
  server: SECTION_SCHEMAS.server,
  api_keys: z.array(LIST_SCHEMAS.api_keys).default([]).describe('Keys that admit clients, beside `server.api_key`.'),
  tenants: z
    .array(LIST_SCHEMAS.tenants)
    .default([])
    .describe('Tenants that keys may belong to. When there are any, `api_keys[].tenant` must name one of them.'),
  projects: z.array(LIST_SCHEMAS.projects).default([]).describe('Limits of projects.'),
  owners: z.array(LIST_SCHEMAS.owners).default([]).describe('Limits of people and teams.'),
  providers: z.array(LIST_SCHEMAS.providers).default([]).describe('Upstreams, and the accounts to use them with.'),
  egress: z
    .array(LIST_SCHEMAS.egress)
    .default([])
    .describe('Ways out of this machine, such as proxies, that providers and accounts may name.'),
  routes: z
    .array(LIST_SCHEMAS.routes)
    .default([])
    .describe('Which model names lead where. `provider/model` always works without a route.'),
  combos: combosSchema
    .default([])
    .describe('Targets under one name, called as model `combo/<name>`. A list, or a mapping with the names as keys.'),
  profiles: z.array(LIST_SCHEMAS.profiles).default([]).describe('Scores of your own, beside `auto` and the `auto/…` profiles.'),
  policy_tests: z
    .array(LIST_SCHEMAS.policy_tests)
    .default([])
    .describe(
      'Files of policy tests (as for `switchback test`) that must pass before this configuration is taken, at a start and while running. Relative paths start at the configuration file.',
    ),
  state: SECTION_SCHEMAS.state,
  ledger: SECTION_SCHEMAS.ledger,
  retention: SECTION_SCHEMAS.retention,
  telemetry: SECTION_SCHEMAS.telemetry,
  alerts: SECTION_SCHEMAS.alerts,
  capture: SECTION_SCHEMAS.capture,
  vault: SECTION_SCHEMAS.vault,
})

/** The configuration as read, with defaults filled in. Secrets are `Secret` values that still hold their `${NAME}` references. */
export type Config = z.output<typeof configSchema>
/** The configuration as somebody writes it. */
export type ConfigInput = z.input<typeof configSchema>
export type TenantConfig = z.output<typeof tenantSchema>
export type ProjectConfig = z.output<typeof projectSchema>
export type OwnerConfig = z.output<typeof ownerSchema>
