import type { Feature } from '../../ir/feature.ts'
import type { JsonObject } from '../../ir/json.ts'
import type { VendorField } from '../../ir/request.ts'
import { reportForeignFields } from '../foreign-fields.ts'
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
  reportForeignFields(context.request, context.report, context.isNative ? NATIVE_FIELDS : OWN_FIELDS)
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

/** What this format has of the fields that others have not; a client of its own may have said more. */
const OWN_FIELDS: ReadonlySet<Feature> = new Set<Feature>(['modalities'])
const NATIVE_FIELDS: ReadonlySet<Feature> = new Set<Feature>(['modalities', 'state.store', 'metadata'])
