import { configJsonSchema } from '../config/json-schema.ts'
import type { JsonObject } from '../ir/json.ts'

/** JSON Schema of the configuration file, for editors and for checks outside this program. */
export const configSchemaDocument = (): JsonObject => configJsonSchema()
