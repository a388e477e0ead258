import type { Feature } from '../../ir/feature.ts'
import type { JsonObject } from '../../ir/json.ts'
import { fitSchema, type SchemaChangeKind } from '../schema-dialect.ts'
import { CONSTRAINT_DESCRIBED } from '../schema-notes.ts'
import type { EncodeContext } from './encode-context.ts'
import { JSON_SCHEMA_TABLE, OPENAPI_TABLE } from './schema-tables.data.ts'

const MESSAGES: Readonly<Record<SchemaChangeKind, string>> = {
  reshaped: 'a keyword of a schema was written in another form',
  described: CONSTRAINT_DESCRIBED,
  dropped: 'a keyword of a schema that says nothing of its values was left out',
}

/** A schema as the target takes it. Every change is told, at the place that `placeOf` gives for its pointer in the schema. */
export function fittedSchema(
  schema: JsonObject,
  feature: Feature,
  placeOf: (pointer: string) => string | undefined,
  context: EncodeContext,
): JsonObject {
  const table = context.target.quirks.openApiSchemas === true ? OPENAPI_TABLE : JSON_SCHEMA_TABLE
  return fitSchema(schema, table, (pointer, kind) =>
    context.report.rewritten(kind === 'described' ? 'schema_constraint' : feature, placeOf(pointer), MESSAGES[kind]),
  )
}
