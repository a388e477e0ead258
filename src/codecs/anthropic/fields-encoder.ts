import { createHash } from 'node:crypto'
import type { Feature } from '../../ir/feature.ts'
import { isObject, type JsonObject } from '../../ir/json.ts'
import type { VendorField } from '../../ir/request.ts'
import { cacheControlOf } from './cache-control.ts'
import { fieldPath, type EncodeContext } from './encode-context.ts'
import { strictSchemaOf } from '../claude-schema.ts'
import { CONSTRAINT_DESCRIBED } from '../schema-notes.ts'
import { reportForeignFields } from '../foreign-fields.ts'
import { childPath, mergeExtra } from '../extra-fields.ts'

/** Vendor fields of this format; the betas travel in a header and are the transport's business. */
const OWN_VENDOR_FIELDS: ReadonlySet<string> = new Set<VendorField>([
  'context_management',
  'container',
  'mcp_servers',
  'speed',
  'inference_geo',
])

const EMAIL = /^[^\s@]+@[^\s@]+\.[^\s@]+$/

/** `output_config`: effort and the shape of the answer. */
export function encodeOutputConfig(body: JsonObject, effort: string | undefined, context: EncodeContext): void {
  const config: JsonObject = {}
  if (effort !== undefined) config['effort'] = effort
  const format = outputFormat(context)
  if (format !== undefined) config['format'] = format
  if (Object.keys(config).length > 0) body['output_config'] = config
}

function outputFormat(context: EncodeContext): unknown {
  const format = context.request.responseFormat
  switch (format?.type) {
    case 'json':
      context.report.lost(
        'response_format.json',
        fieldPath(context, 'response_format.json'),
        'the format asks for JSON by a schema only',
      )
      return undefined
    case 'json-schema': {
      if (context.isNative) return { type: 'json_schema', schema: format.schema }
      if (!isObject(format.schema)) {
        context.report.edited(
          'response_format.json_schema',
          fieldPath(context, 'response_format.json_schema'),
          'the answer has no schema',
        )
        return undefined
      }
      const path = fieldPath(context, 'response_format.json_schema')
      const schema = strictSchemaOf(format.schema, () =>
        context.report.rewritten('schema_constraint', path, CONSTRAINT_DESCRIBED),
      )
      const isExact =
        schema === format.schema && format.name === undefined && format.description === undefined && format.strict === undefined
      if (!isExact)
        context.report.rewritten(
          'response_format.json_schema',
          fieldPath(context, 'response_format.json_schema'),
          'the format knows the schema of an answer only, within limits',
        )
      return { type: 'json_schema', schema }
    }
    case 'raw':
      if (format.origin === 'anthropic') return format.raw
      context.report.lost('response_format.raw', fieldPath(context, 'response_format.raw'), 'the answer format is unknown')
      return undefined
    default:
      return undefined
  }
}

/** Everything at the top of the body that is no prompt, tool or sampling control. */
export function encodeFields(body: JsonObject, context: EncodeContext): void {
  const { request } = context
  encodeUser(body, context)
  encodeServiceTier(body, context)
  if (request.cache !== undefined) body['cache_control'] = cacheControlOf(request.cache)
  encodeVendorFields(body, context)
  reportForeignFields(context.request, context.report, OWN_FIELDS)
}

/** Merges the unmodelled top-level fields in. Other servers of this format may refuse what is newer than the format. */
export function withRequestExtra(body: JsonObject, context: EncodeContext): JsonObject {
  const extra = context.request.extra
  if (extra === undefined) return body
  if (extra.format === 'anthropic' && context.isFirstParty)
    return mergeExtra(body, withoutStrayThinking(body, extra.fields, context))
  const reason = extra.format === 'anthropic' ? "only Anthropic's own API knows the field" : 'the field is unknown to the format'
  for (const key of Object.keys(extra.fields)) context.report.lost('extension', childPath('', key), reason)
  return body
}

/** Settings of a thinking that was turned off have nothing to stand in. */
function withoutStrayThinking(body: JsonObject, fields: JsonObject, context: EncodeContext): JsonObject {
  const thinking = fields['thinking']
  if (body['thinking'] !== undefined || !isObject(thinking) || thinking['type'] !== undefined) return fields
  context.report.lost('extension', '/thinking', 'the field belongs to a thinking that is off')
  const { thinking: _dropped, ...rest } = fields
  return rest
}

function encodeUser(body: JsonObject, context: EncodeContext): void {
  const { user, safetyIdentifier } = context.request
  const id = user ?? safetyIdentifier
  if (safetyIdentifier !== undefined) {
    if (user === undefined)
      context.report.rewritten(
        'safety_identifier',
        fieldPath(context, 'safety_identifier'),
        'the safety identifier is sent as the user id',
      )
    else context.report.lost('safety_identifier', fieldPath(context, 'safety_identifier'), 'the format has one user id only')
  }
  if (id === undefined) return
  // The API refuses ids that are e-mail addresses.
  const isRefused = !context.isNative && EMAIL.test(id)
  if (isRefused)
    context.report.rewritten('user', fieldPath(context, 'user'), 'a user id that is an e-mail address is sent as its hash')
  body['metadata'] = { user_id: isRefused ? createHash('sha256').update(id).digest('hex') : id }
}

function encodeServiceTier(body: JsonObject, context: EncodeContext): void {
  const tier = context.request.serviceTier
  if (tier === undefined) return
  if (context.isNative || tier === 'auto') body['service_tier'] = tier
  else if (tier === 'default' || tier === 'standard') {
    context.report.rewritten('service_tier', fieldPath(context, 'service_tier'), 'the default tier is called standard here')
    body['service_tier'] = 'standard_only'
  } else context.report.lost('service_tier', fieldPath(context, 'service_tier'), 'the format has no such service tier')
}

function encodeVendorFields(body: JsonObject, context: EncodeContext): void {
  const vendor = context.request.vendor
  if (vendor === undefined) return
  for (const field of Object.keys(vendor) as VendorField[]) {
    const value = vendor[field]
    if (value === undefined || field === 'betas') continue
    // Another format has a field of the same name, with another meaning.
    const isOwn = OWN_VENDOR_FIELDS.has(field) && (context.isNative || field !== 'context_management')
    if (isOwn && context.isFirstParty) body[field] = value
    else context.report.lost(`vendor.${field}`, fieldPath(context, `vendor.${field}`), 'the upstream does not know the field')
  }
}

/** What this format has of the fields that others have not. */
const OWN_FIELDS: ReadonlySet<Feature> = new Set<Feature>(['safety_identifier', 'user', 'cache_hint'])
