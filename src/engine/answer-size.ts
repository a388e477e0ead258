import type { StreamEvent } from '../ir/stream-event.ts'

/** Characters a token of an answer stands for, on average over prose and code. */
const CHARACTERS_PER_TOKEN = 4

/**
 * How much of an answer has gone by since its upstream last told what it used, for streams that end before they told all. Frames that pass
 * unread are counted by their bytes, less what the first readable one had around its text.
 */
export class AnswerSize {
  /** Bytes of a frame that are not text; undefined until one with text was read. */
  frameOverhead: number | undefined = undefined
  private characters = 0
  private unreadBytes = 0
  private unreadFrames = 0

  addEvent(event: StreamEvent): void {
    if ('text' in event) this.characters += event.text.length
  }

  /** A frame that was read: the first with text shows what the others have around theirs. */
  addFrame(bytes: number, characters: number): void {
    this.characters += characters
    if (characters > 0) this.frameOverhead ??= bytes - characters
  }

  addUnread(bytes: number, frames: number): void {
    this.unreadBytes += bytes
    this.unreadFrames += frames
  }

  /** The upstream has told how many tokens it was up to here. */
  told(): void {
    this.characters = 0
    this.unreadBytes = 0
    this.unreadFrames = 0
  }

  /** Tokens nobody has told; good to about a quarter. */
  get tokens(): number {
    const unread = this.frameOverhead === undefined ? 0 : this.unreadBytes - this.unreadFrames * this.frameOverhead
    return Math.ceil((this.characters + Math.max(0, unread)) / CHARACTERS_PER_TOKEN)
  }
}
