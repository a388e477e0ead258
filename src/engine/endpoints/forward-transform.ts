import { SseParser, type SseFrame } from '../../lib/sse-parser.ts'
import { StreamFacts, type StreamTransform } from '../stream-facts.ts'
import type { ToldUsage } from './told-usage.ts'

/** JSON longer than this passes without a look. */
const MOST_LOOKED_AT = 1024 * 1024
const MARK = '"usage'

/** Bytes that go on as they come, with a look at JSON and at events for what was used. */
export class ForwardTransform implements StreamTransform {
  readonly facts = new StreamFacts()
  isCut = false
  private readonly told: ToldUsage
  private readonly kind: 'json' | 'events' | 'bytes'
  private output: Uint8Array[] = []
  private outputBytes = 0
  private kept: Uint8Array[] = []
  private keptBytes = 0
  private parser: SseParser | undefined

  constructor(contentType: string, tell: (facts: StreamFacts) => ToldUsage) {
    this.told = tell(this.facts)
    this.kind = kindOf(contentType)
    this.parser = this.kind === 'events' ? new SseParser() : undefined
  }

  get heldBytes(): number {
    return this.outputBytes
  }

  push(chunk: Uint8Array): void {
    this.facts.semantic = true
    this.output.push(chunk)
    this.outputBytes += chunk.length
    if (this.kind === 'json') this.keep(chunk)
    else if (this.parser !== undefined) this.watch(chunk, this.parser)
  }

  end(): void {
    this.facts.semantic = true
    this.facts.ended = true
    if (this.parser !== undefined) this.watch(undefined, this.parser)
    if (this.kind === 'json' && this.keptBytes <= MOST_LOOKED_AT) this.lookAt(Buffer.concat(this.kept).toString())
  }

  /** Bytes of any kind have no words for it. */
  fail(): void {
    this.isCut = true
  }

  take(): Uint8Array | undefined {
    const [first] = this.output
    if (first === undefined) return undefined
    const bytes = this.output.length === 1 ? first : Buffer.concat(this.output)
    this.output = []
    this.outputBytes = 0
    return bytes
  }

  private keep(chunk: Uint8Array): void {
    this.keptBytes += chunk.length
    if (this.keptBytes <= MOST_LOOKED_AT) this.kept.push(chunk)
    else this.kept = []
  }

  /** Without a chunk there is no more. */
  private watch(chunk: Uint8Array | undefined, parser: SseParser): void {
    const look = (frame: SseFrame): void => {
      if (frame.data.includes(MARK)) this.told.frame(frame)
    }
    try {
      if (chunk === undefined) parser.end(look)
      else parser.push(chunk, look)
    } catch {
      this.parser = undefined // an event too large to be looked at goes on all the same
    }
  }

  private lookAt(text: string): void {
    try {
      this.told.whole(JSON.parse(text))
    } catch {
      // metering never fails an answer
    }
  }
}

function kindOf(contentType: string): 'json' | 'events' | 'bytes' {
  if (/^application\/(?:json|[\w.+-]+\+json)\b/i.test(contentType)) return 'json'
  return /^text\/event-stream\b/i.test(contentType) ? 'events' : 'bytes'
}
