import type { Feature } from './feature.ts'

/** `lost` did not arrive, `rewritten` arrived in another shape, `edited` was changed on purpose by a declared rule. */
export type DiagnosticSeverity = 'lost' | 'rewritten' | 'edited'

/** One thing a translation could not carry as it was. Holds positions and codes, never content. */
export interface Diagnostic {
  readonly severity: DiagnosticSeverity
  readonly code: Feature
  /** JSON pointer into the body of the client (requests) or of the upstream (answers). */
  readonly path: string
  /** One short sentence for people; without any client content. */
  readonly message: string
}

/** A value together with what was lost on the way to it. */
export interface Translated<Value> {
  readonly value: Value
  readonly diagnostics: Diagnostic[]
}
