const HEAD_CHARACTERS = 1_000_000
const TAIL_CHARACTERS = 200_000

/**
 * Keeps the beginning and the end of an output of any length: one failed comparison of a large value can print hundreds of
 * megabytes, and the closing lines must survive that.
 */
export class BoundedOutput {
  private head = ''
  private readonly tail: string[] = []
  private tailLength = 0
  private dropped = 0

  /** Whether the text went to the beginning, which an echo may show at once. */
  push(text: string): boolean {
    if (this.head.length < HEAD_CHARACTERS) {
      this.head += text
      return true
    }
    this.tail.push(text)
    this.tailLength += text.length
    while (this.tailLength - (this.tail[0]?.length ?? 0) > TAIL_CHARACTERS) {
      const oldest = this.tail.shift() ?? ''
      this.tailLength -= oldest.length
      this.dropped += oldest.length
    }
    return false
  }

  /** What came after the beginning, with a word about what was left out. */
  get rest(): string {
    const notice = this.dropped > 0 ? `\n… ${this.dropped} characters left out …\n` : ''
    return notice + this.tail.join('')
  }

  toString(): string {
    return this.head + this.rest
  }
}
