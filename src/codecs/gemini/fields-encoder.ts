import type { Feature } from '../../ir/feature.ts'
import type { JsonObject } from '../../ir/json.ts'
import type { VendorField } from '../../ir/request.ts'
import { fieldPath, type EncodeContext } from './encode-context.ts'

/** Vendor fields that are this format's own. */
const OWN_VENDOR_FIELDS: ReadonlySet<string> = new Set<VendorField>([
  'safety_settings',
  'cached_content',
  'media_resolution',
  'speech_config',
])

/** Tiers of other formats by their names here. */
const TIERS: Readonly<Record<string, string>> = {
  default: 'standard',
  standard_only: 'standard',
  flex: 'flex',
  priority: 'priority',
}

/** Everything at the top of the body that is no prompt, tool or configuration of the answer. */
export function encodeFields(body: JsonObject, context: EncodeContext): void {
  const { vendor, metadata, state } = context.request
  if (vendor?.safety_settings !== undefined) body['safetySettings'] = vendor.safety_settings
  if (vendor?.cached_content !== undefined) body['cachedContent'] = vendor.cached_content
  encodeServiceTier(body, context)
  if (context.isNative) {
    if (metadata !== undefined) body['labels'] = metadata
    if (state?.store !== undefined) body['store'] = state.store
  }
  reportVendorFields(context)
  reportForeign(context)
}

function encodeServiceTier(body: JsonObject, context: EncodeContext): void {
  const tier = context.request.serviceTier
  if (tier === undefined) return
  const path = fieldPath(context, 'service_tier')
  const known = context.isNative ? tier : Object.hasOwn(TIERS, tier) ? TIERS[tier] : undefined
  if (known !== undefined) body['serviceTier'] = known
  else if (tier === 'auto') context.report.rewritten('service_tier', path, 'without a word the provider chooses the tier')
  else context.report.lost('service_tier', path, 'the format has no such service tier')
  if (known !== undefined && known !== tier)
    context.report.rewritten('service_tier', path, 'the service tier has another name here')
}

function reportVendorFields(context: EncodeContext): void {
  for (const field of Object.keys(context.request.vendor ?? {}) as VendorField[]) {
    if (OWN_VENDOR_FIELDS.has(field) || field === 'betas' || context.request.vendor?.[field] === undefined) continue
    context.report.lost(`vendor.${field}`, fieldPath(context, `vendor.${field}`), 'the upstream does not know the field')
  }
}

/** Fields other formats have and this one does not, with the value that means the same as leaving them out. */
function reportForeign(context: EncodeContext): void {
  const { request, isNative } = context
  const state = request.state ?? {}
  const fields: readonly (readonly [feature: Feature, value: unknown, neutral?: unknown])[] = [
    ['max_tool_calls', request.maxToolCalls],
    ['verbosity', request.verbosity],
    ['audio_output', request.audio],
    ['prediction', request.prediction],
    ['include', request.include],
    ['truncation', request.truncation, 'disabled'],
    ['state.store', isNative ? undefined : state.store, false],
    ['state.background', state.background, false],
    ['state.conversation', state.conversation],
    ['state.previous_response_id', state.previousResponseId],
    ['state.prompt_template', state.promptTemplate],
    ['safety_identifier', request.safetyIdentifier],
    ['prompt_cache_key', request.promptCacheKey],
    ['prompt_cache_retention', request.promptCacheRetention],
    ['metadata', isNative ? undefined : request.metadata],
    ['user', request.user],
    ['cache_hint', request.cache],
  ]
  for (const [feature, value, neutral] of fields) {
    if (value === undefined) continue
    if (neutral !== undefined && value === neutral)
      context.report.rewritten(feature, fieldPath(context, feature), 'the format always does so')
    else context.report.lost(feature, fieldPath(context, feature), 'the format has no such field')
  }
}
