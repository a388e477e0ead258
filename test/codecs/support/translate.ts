import { withoutAttribution } from '../../../src/codecs/attribution.ts'
import type { EncodeTarget, ModelFacts, WireQuirks } from '../../../src/codecs/codec.ts'
import { codecFor } from '../../../src/codecs/registry.ts'
import { Report } from '../../../src/codecs/report.ts'
import type { Diagnostic } from '../../../src/ir/diagnostic.ts'
import type { JsonObject } from '../../../src/ir/json.ts'
import type { LlmRequest } from '../../../src/ir/request.ts'
import { OPENAI_QUIRKS } from '../../../src/providers/quirks.data.ts'
import { WIRE_FORMATS, type WireFormat } from '../../../src/ir/wire-format.ts'

/** Servers of a format that take everything, those of which nothing is known, and the vendor's own. */
export type Server = 'first-party' | 'plain' | 'vendor'

/** The vendors' own services, with a model of which everything is known. */
export const VENDOR_TARGETS: Readonly<Record<WireFormat, TargetOptions>> = {
  openai: { server: 'vendor', facts: { maxOutputTokens: 32_000, thinking: 'both', sampling: true } },
  responses: { server: 'vendor', facts: { maxOutputTokens: 32_000, thinking: 'both', sampling: true } },
  anthropic: { server: 'first-party', facts: { maxOutputTokens: 32_000, thinking: 'both', sampling: true } },
}

const QUIRKS: Readonly<Record<Server, Readonly<Record<WireFormat, WireQuirks>>>> = {
  plain: { openai: {}, responses: {}, anthropic: {} },
  vendor: { openai: { ...OPENAI_QUIRKS, firstParty: true }, responses: { firstParty: true }, anthropic: { firstParty: true } },
  'first-party': {
    openai: { ...OPENAI_QUIRKS, firstParty: true, cacheControl: true, topK: true, reasoningField: 'reasoning_details' },
    responses: { firstParty: true },
    anthropic: { firstParty: true },
  },
}

export interface TargetOptions {
  readonly server?: Server
  readonly facts?: ModelFacts
  readonly stream?: boolean
}

export function targetOf(format: WireFormat, { server = 'plain', facts = {}, stream = false }: TargetOptions = {}): EncodeTarget {
  return { model: 'target-model', quirks: QUIRKS[server][format], facts, stream }
}

export interface Translation {
  readonly request: LlmRequest
  readonly body: JsonObject
  readonly diagnostics: readonly Diagnostic[]
}

/** A client body as the engine would send it to an upstream of `to`. */
export function translate(body: unknown, from: WireFormat, to: WireFormat, options: TargetOptions = {}): Translation {
  const decoded = codecFor(from).decodeRequest(body)
  const report = new Report()
  const isVendor = to === 'anthropic' && options.server !== undefined && options.server !== 'plain'
  const request = isVendor ? decoded.value : withoutAttribution(decoded.value, report)
  const encoded = codecFor(to).encodeRequest(request, targetOf(to, options))
  return {
    request: decoded.value,
    body: encoded.value,
    diagnostics: [...decoded.diagnostics, ...report.diagnostics, ...encoded.diagnostics],
  }
}

/** All nine ways from a client's format to an upstream's. */
export const PAIRS: readonly (readonly [from: WireFormat, to: WireFormat])[] = WIRE_FORMATS.flatMap((from) =>
  WIRE_FORMATS.map((to) => [from, to] as const),
)
