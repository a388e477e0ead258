import type { Feature } from '../../ir/feature.ts'
import { isObject, type JsonObject } from '../../ir/json.ts'
import type { VendorField } from '../../ir/request.ts'
import { CONSTRAINT_DESCRIBED } from '../schema-notes.ts'
import { strictSchemaOf } from '../claude-schema.ts'
import { reportForeignFields } from '../foreign-fields.ts'
import { fieldPath, type EncodeContext } from './encode-context.ts'

/** Tiers of other formats by their names here. */
const TIERS: Readonly<Record<string, string>> = {
  default: 'default',
  standard: 'default',
  standard_only: 'default',
  flex: 'flex',
  priority: 'priority',
}

/** Everything at the top of the body that is no prompt, tool or inference setting. */
export function encodeFields(body: JsonObject, effort: string | undefined, context: EncodeContext): void {
  const textFormat = outputFormat(context)
  if (effort !== undefined || textFormat !== undefined)
    body['outputConfig'] = { ...(textFormat === undefined ? {} : { textFormat }), ...(effort === undefined ? {} : { effort }) }
  encodeServiceTier(body, context)
  if (context.isNative && context.request.metadata !== undefined) body['requestMetadata'] = context.request.metadata
  reportForeign(context)
}

/** A schema travels as text, in a structure with a name. */
function outputFormat(context: EncodeContext): JsonObject | undefined {
  const format = context.request.responseFormat
  const { report } = context
  switch (format?.type) {
    case 'json':
      report.lost('response_format.json', fieldPath(context, 'response_format.json'), 'the format asks for JSON by a schema only')
      return undefined
    case 'json-schema': {
      const path = fieldPath(context, 'response_format.json_schema')
      const { name, description, dialect } = format
      const told = { ...(name === undefined ? {} : { name }), ...(description === undefined ? {} : { description }) }
      if (dialect?.origin === 'bedrock_converse')
        return { type: 'json_schema', structure: { jsonSchema: { schema: dialect.schema, ...told } } }
      if (!isObject(format.schema)) {
        report.edited('response_format.json_schema', path, 'the answer has no schema')
        return undefined
      }
      report.rewritten('response_format.json_schema', path, 'the schema of an answer travels as text, within limits')
      const schema = JSON.stringify(
        strictSchemaOf(format.schema, () => report.rewritten('schema_constraint', path, CONSTRAINT_DESCRIBED)),
      )
      return { type: 'json_schema', structure: { jsonSchema: { schema, ...told } } }
    }
    case 'raw':
      if (format.origin === 'bedrock_converse' && isObject(format.raw)) return format.raw
      report.lost(
        'response_format.raw',
        fieldPath(context, 'response_format.raw'),
        'the shape of the answer is unknown to the format',
      )
      return undefined
    case 'text':
    case undefined:
      return undefined
  }
}

function encodeServiceTier(body: JsonObject, context: EncodeContext): void {
  const tier = context.request.serviceTier
  if (tier === undefined) return
  const path = fieldPath(context, 'service_tier')
  const known = context.isNative ? tier : Object.hasOwn(TIERS, tier) ? TIERS[tier] : undefined
  if (known !== undefined) body['serviceTier'] = { type: known }
  else if (tier === 'auto') context.report.rewritten('service_tier', path, 'without a word the provider chooses the tier')
  else context.report.lost('service_tier', path, 'the format has no such service tier')
  if (known !== undefined && known !== tier)
    context.report.rewritten('service_tier', path, 'the service tier has another name here')
}

const NO_FIELDS: ReadonlySet<Feature> = new Set<Feature>()
const NATIVE_FIELDS: ReadonlySet<Feature> = new Set<Feature>(['metadata'])

/** Fields other formats have and this one does not. */
function reportForeign(context: EncodeContext): void {
  const { request, report, isNative } = context
  reportForeignFields(request, report, isNative ? NATIVE_FIELDS : NO_FIELDS)
  for (const field of Object.keys(request.vendor ?? {}) as VendorField[]) {
    if (field === 'betas' || request.vendor?.[field] === undefined) continue
    report.lost(`vendor.${field}`, fieldPath(context, `vendor.${field}`), 'the upstream does not know the field')
  }
}
