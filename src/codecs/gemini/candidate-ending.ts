import type { Citation } from '../../ir/content.ts'
import type { FinishReason } from '../../ir/finish.ts'
import { isObject, type JsonObject } from '../../ir/json.ts'
import { blockedPrompt, encodeFinish, isOwnReason } from './finish.ts'
import { groundingMetadata, type PlacedCitation } from './grounding-encoder.ts'

/** What stands beside the content of a candidate, gathered while its parts are written. */
export class CandidateEnding {
  private readonly citations: PlacedCitation[] = []
  private grounding: JsonObject = {}
  /** Texts so far; the last one is the one being written. Sources that are told refer to places in them. */
  private texts: string[] = []
  private pending: Citation[] = []
  private hasCalls = false

  startText(): void {
    this.place()
    this.texts.push('')
  }

  addText(text: string): void {
    this.texts[this.texts.length - 1] = (this.texts.at(-1) ?? '') + text
  }

  cite(citation: Citation): void {
    this.pending.push(citation)
  }

  ground(raw: JsonObject): void {
    this.grounding = { ...this.grounding, ...raw }
  }

  /** A call was written; true for the first one. */
  called(): boolean {
    const isFirst = !this.hasCalls
    this.hasCalls = true
    return isFirst
  }

  /** The fields of the candidate besides its content. */
  fields(finish: FinishReason | undefined): JsonObject {
    this.place()
    const grounding = groundingMetadata(this.citations)
    const details =
      finish !== undefined && isOwnReason(finish) && blockedPrompt(finish) === undefined ? finish.details : undefined
    return {
      ...(isObject(details) ? details : {}),
      ...(grounding === undefined ? {} : { groundingMetadata: grounding }),
      ...this.grounding,
      ...(finish === undefined ? {} : { finishReason: encodeFinish(finish) }),
    }
  }

  /** Citations belong to the text that was being written when they came. */
  private place(): void {
    if (this.pending.length === 0) return
    const text = this.texts.at(-1) ?? ''
    const before = Buffer.byteLength(this.texts.slice(0, -1).join(''))
    this.citations.push(...this.pending.map((citation) => ({ citation, before, text })))
    this.pending = []
  }
}
