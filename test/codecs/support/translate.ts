import { withoutAttribution } from '../../../src/codecs/attribution.ts'
import type { EncodeTarget, ModelFacts, WireQuirks } from '../../../src/codecs/codec.ts'
import { codecFor } from '../../../src/codecs/registry.ts'
import { Report } from '../../../src/codecs/report.ts'
import type { Diagnostic, Translated } from '../../../src/ir/diagnostic.ts'
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
  gemini: { server: 'vendor', facts: { maxOutputTokens: 32_000, thinking: 'both', sampling: true } },
  bedrock_converse: {
    model: 'anthropic.claude-sonnet-4-5-20250929-v1:0',
    server: 'vendor',
    facts: { maxOutputTokens: 32_000, thinking: 'both', sampling: true },
  },
}

const QUIRKS: Readonly<Record<Server, Readonly<Record<WireFormat, WireQuirks>>>> = {
  plain: { openai: {}, responses: {}, anthropic: {}, gemini: { openApiSchemas: true }, bedrock_converse: {} },
  vendor: {
    openai: { ...OPENAI_QUIRKS, firstParty: true },
    responses: { firstParty: true },
    anthropic: { firstParty: true },
    gemini: { firstParty: true },
    bedrock_converse: { firstParty: true },
  },
  'first-party': {
    openai: {
      ...OPENAI_QUIRKS,
      firstParty: true,
      cacheControl: true,
      topK: true,
      videoUrls: true,
      thoughtSignatures: true,
      reasoningField: 'reasoning_details',
    },
    responses: { firstParty: true },
    anthropic: { firstParty: true },
    gemini: { firstParty: true },
    bedrock_converse: { firstParty: true },
  },
}

export interface TargetOptions {
  readonly model?: string
  readonly server?: Server
  readonly facts?: ModelFacts
  readonly stream?: boolean
}

export function targetOf(format: WireFormat, options: TargetOptions = {}): EncodeTarget {
  const { model = 'target-model', server = 'plain', facts = {}, stream = false } = options
  return { model, quirks: QUIRKS[server][format], facts, stream }
}

export interface Translation {
  readonly request: LlmRequest
  readonly body: JsonObject
  readonly diagnostics: readonly Diagnostic[]
}

/** A client's body as it was read; where the format says so in the address, it asked for this model. */
export function decodedRequest(body: unknown, from: WireFormat, stream = false): Translated<LlmRequest> {
  return codecFor(from).decodeRequest(body, { model: 'client-model', stream })
}

/** A client body as the engine would send it to an upstream of `to`. */
export function translate(body: unknown, from: WireFormat, to: WireFormat, options: TargetOptions = {}): Translation {
  const decoded = decodedRequest(body, from, options.stream)
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

/** Every way through all formats that comes back to where it began. */
export const CYCLES: readonly (readonly WireFormat[])[] = WIRE_FORMATS.flatMap((first) =>
  orders(WIRE_FORMATS.filter((format) => format !== first)).map((others) => [first, ...others, first]),
)

function orders(formats: readonly WireFormat[]): WireFormat[][] {
  if (formats.length === 0) return [[]]
  return formats.flatMap((format) => orders(formats.filter((other) => other !== format)).map((rest) => [format, ...rest]))
}

/** All sixteen ways from a client's format to an upstream's. */
export const PAIRS: readonly (readonly [from: WireFormat, to: WireFormat])[] = WIRE_FORMATS.flatMap((from) =>
  WIRE_FORMATS.map((to) => [from, to] as const),
)
