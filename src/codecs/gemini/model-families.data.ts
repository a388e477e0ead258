/** What the models of a family take. Source: the vendor's guides to thinking, function calling and thought signatures. */
export interface ModelFamily {
  readonly names: RegExp
  readonly thinking: FamilyThinking
  /** Calls of the turn that is going on are refused without a signature. */
  readonly demandsSignatures: boolean
  /** Results of functions may hold images and documents. */
  readonly mediaInResults: boolean
  /** JSON as the kind of the answer may be asked for beside functions. */
  readonly jsonBesideFunctions: boolean
  /** Knows the mode in which calls are checked against their schema although none is forced. */
  readonly validatedCalls: boolean
}

export type FamilyThinking =
  | { readonly kind: 'none' }
  /** Tokens; `off` tells whether 0 is taken. */
  | { readonly kind: 'budget'; readonly least: number; readonly most: number; readonly off: boolean }
  /** In the order of depth. */
  | { readonly kind: 'level'; readonly levels: readonly string[] }

const BEFORE_3 = { demandsSignatures: false, mediaInResults: false, jsonBesideFunctions: false }
const FROM_3 = { demandsSignatures: true, mediaInResults: true, jsonBesideFunctions: true, validatedCalls: true }

/** The first that fits a name counts; the last fits every name, because newer models are more likely than older ones. */
export const MODEL_FAMILIES: readonly [ModelFamily, ...ModelFamily[]] = [
  { names: /^(?:gemini-1|gemini-2\.0|gemma|learnlm)/, thinking: { kind: 'none' }, validatedCalls: false, ...BEFORE_3 },
  {
    names: /^gemini-2\.5-pro/,
    thinking: { kind: 'budget', least: 128, most: 32_768, off: false },
    validatedCalls: true,
    ...BEFORE_3,
  },
  {
    names: /^gemini-2\.5-flash-lite/,
    thinking: { kind: 'budget', least: 512, most: 24_576, off: true },
    validatedCalls: true,
    ...BEFORE_3,
  },
  { names: /^gemini-2\.5/, thinking: { kind: 'budget', least: 1, most: 24_576, off: true }, validatedCalls: true, ...BEFORE_3 },
  { names: /^gemini-3-pro/, thinking: { kind: 'level', levels: ['LOW', 'HIGH'] }, ...FROM_3 },
  {
    names: /^gemini-3(?:\.\d+)?-flash(?:-lite)?-preview|^gemini-3\.[0-6]-flash/,
    thinking: { kind: 'level', levels: ['MINIMAL', 'LOW', 'MEDIUM', 'HIGH'] },
    ...FROM_3,
  },
  { names: /(?:)/, thinking: { kind: 'level', levels: ['LOW', 'MEDIUM', 'HIGH'] }, ...FROM_3 },
]
