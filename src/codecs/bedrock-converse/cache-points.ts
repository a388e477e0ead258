import type { CacheHint } from '../../ir/content.ts'
import type { JsonObject } from '../../ir/json.ts'
import type { Report } from '../report.ts'

/** Models that cache take four points a request. */
const MAX_POINTS = 4
/** Of these, the prefix (tools and system) keeps two when the conversation wants more than its share. */
const PREFIX_SHARE = 2

interface Point {
  readonly list: JsonObject[]
  readonly block: JsonObject
  readonly path: string | undefined
}

/** Writes the cache points of one request, and takes back those over the limit. */
export class CachePoints {
  private readonly isPossible: boolean
  private readonly report: Report
  private readonly prefix: Point[] = []
  private readonly conversation: Point[] = []
  private current: Point[] = this.prefix

  /** `isPossible`: the model takes such points at all. */
  constructor(isPossible: boolean, report: Report) {
    this.isPossible = isPossible
    this.report = report
  }

  /** Tools and system are written; what follows are turns. */
  startConversation(): void {
    this.current = this.conversation
  }

  /** Marks what `list` ends with. */
  add(list: JsonObject[], { ttl }: CacheHint, path: string | undefined): void {
    if (!this.isPossible || list.length === 0) {
      this.report.lost('cache_hint', path, 'the model takes no cache points')
      return
    }
    const block = { cachePoint: ttl === undefined ? { type: 'default' } : { type: 'default', ttl } }
    list.push(block)
    this.current.push({ list, block, path })
  }

  /** Keeps the first points of the prefix and the last ones of the conversation. */
  enforceLimit(): void {
    const { prefix, conversation } = this
    const keptPrefix = Math.min(prefix.length, Math.max(PREFIX_SHARE, MAX_POINTS - conversation.length))
    const keptConversation = Math.min(conversation.length, MAX_POINTS - keptPrefix)
    for (const { list, block, path } of [
      ...prefix.slice(keptPrefix),
      ...conversation.slice(0, conversation.length - keptConversation),
    ]) {
      list.splice(list.indexOf(block), 1)
      this.report.lost('cache_hint', path, 'the format takes at most four cache points')
    }
  }
}
