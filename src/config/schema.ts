import { z } from 'zod'
import { apiKeySchema, serverSchema } from '../http/server.schema.ts'
import { identifier } from '../lib/config-fields.ts'
import { providerSchema } from '../providers/provider.schema.ts'
import { combosSchema, comboSchema } from '../routing/combo.schema.ts'
import { profileSchema } from '../routing/profile.schema.ts'
import { routeSchema } from '../routing/route.schema.ts'
import { ledgerSchema, retentionSchema, stateSchema } from '../state/state.schema.ts'

const tenantSchema = z
  .strictObject({
    id: identifier().describe('Name of the tenant, as `api_keys[].tenant` gives it.'),
  })
  .describe('A tenant. This version only knows its name, for records.')

/** Sections that are one mapping each. */
export const SECTION_SCHEMAS = {
  server: serverSchema.prefault({}).describe('How the gateway listens, and the defaults for everything it does.'),
  state: stateSchema.prefault({}).describe('Where the gateway keeps what must outlive a request.'),
  ledger: ledgerSchema.prefault({}).describe('The account of what calls cost.'),
  retention: retentionSchema.prefault({}).describe('How long things are kept.'),
} as const

/** Sections that are lists; every entry is checked by itself. */
export const LIST_SCHEMAS = {
  api_keys: apiKeySchema,
  tenants: tenantSchema,
  providers: providerSchema,
  routes: routeSchema,
  combos: comboSchema,
  profiles: profileSchema,
} as const

/** The whole configuration. */
export const configSchema = z.strictObject({
  server: SECTION_SCHEMAS.server,
  api_keys: z.array(LIST_SCHEMAS.api_keys).default([]).describe('Keys that admit clients, beside `server.api_key`.'),
  tenants: z
    .array(LIST_SCHEMAS.tenants)
    .default([])
    .describe('Tenants that keys may belong to. When there are any, `api_keys[].tenant` must name one of them.'),
  providers: z.array(LIST_SCHEMAS.providers).default([]).describe('Upstreams, and the accounts to use them with.'),
  routes: z
    .array(LIST_SCHEMAS.routes)
    .default([])
    .describe('Which model names lead where. `provider/model` always works without a route.'),
  combos: combosSchema
    .default([])
    .describe('Targets under one name, called as model `combo/<name>`. A list, or a mapping with the names as keys.'),
  profiles: z.array(LIST_SCHEMAS.profiles).default([]).describe('Scores of your own, beside `auto` and the `auto/…` profiles.'),
  state: SECTION_SCHEMAS.state,
  ledger: SECTION_SCHEMAS.ledger,
  retention: SECTION_SCHEMAS.retention,
})

/** The configuration as read, with defaults filled in. Secrets are `Secret` values that still hold their `${NAME}` references. */
export type Config = z.output<typeof configSchema>
/** The configuration as somebody writes it. */
export type ConfigInput = z.input<typeof configSchema>
export type TenantConfig = z.output<typeof tenantSchema>
