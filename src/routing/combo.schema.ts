import { z } from 'zod'
import { nonEmpty } from '../lib/config-fields.ts'
import { requirements, targetName } from './route.schema.ts'

const targets = z.array(targetName().describe('A model at a provider, as `provider/model`.'))

const comboFields = {
  strategy: z
    .enum(['fallback', 'priority', 'round_robin'])
    .default('fallback')
    .describe('`fallback` (also called `priority`) tries the targets in order; with `round_robin` each begins in turn.'),
  targets: targets.optional().describe('Where requests go.'),
  models: targets.optional().describe('Another spelling of `targets`.'),
  require: requirements,
}

/** One entry of `combos`: targets under one name, called as `combo/<name>`. */
export const comboSchema = z
  .strictObject({
    name: nonEmpty()
      .regex(/^[^/\s]+$/, 'a name without slashes and spaces')
      .describe('Name of the combo; clients call it as model `combo/<name>`.'),
    ...comboFields,
  })
  .describe('Targets under one name.')

/** `combos` as somebody writes it: a list, or a mapping with the names as keys. */
export const combosSchema = z.union([
  z.array(comboSchema),
  z.record(z.string(), z.strictObject(comboFields).describe('Targets under one name.')),
])

export type ComboConfig = z.output<typeof comboSchema>
