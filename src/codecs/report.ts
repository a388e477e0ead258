import type { Diagnostic } from '../ir/diagnostic.ts'
import type { Feature } from '../ir/feature.ts'

/** Collects what a translation could not carry. The message never holds client content. */
export class Report {
  readonly diagnostics: Diagnostic[] = []

  lost(code: Feature, path: string | undefined, message: string): void {
    this.diagnostics.push({ severity: 'lost', code, path: path ?? '', message })
  }

  rewritten(code: Feature, path: string | undefined, message: string): void {
    this.diagnostics.push({ severity: 'rewritten', code, path: path ?? '', message })
  }

  edited(code: Feature, path: string | undefined, message: string): void {
    this.diagnostics.push({ severity: 'edited', code, path: path ?? '', message })
  }
}
