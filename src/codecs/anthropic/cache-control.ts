import type { CacheHint } from '../../ir/content.ts'
import type { Sourced } from '../../ir/extra.ts'
import { isObject, type JsonObject } from '../../ir/json.ts'
import type { Report } from '../report.ts'
import { addExtra } from './reader.ts'

/** The API takes four breakpoints a request; automatic caching at the top level uses one of them. */
const MAX_MARKERS = 4
/** Of these, the prefix (tools and system) keeps two when the conversation wants more than its share. */
const PREFIX_SHARE = 2

/** Reads a marker into `node.cache`. A shape newer than the canonical form is kept among the extras. */
export function readCacheControl(node: Sourced & { cache?: CacheHint | undefined }, value: unknown): void {
  if (value === null || value === undefined) return
  const hint = cacheHintOf(value)
  if (hint === undefined) addExtra(node, 'cache_control', value)
  else node.cache = hint
}

export function cacheHintOf(value: unknown): CacheHint | undefined {
  if (!isObject(value) || value['type'] !== 'ephemeral') return undefined
  for (const key of Object.keys(value)) if (key !== 'type' && key !== 'ttl') return undefined
  const ttl = value['ttl']
  if (ttl === undefined || ttl === null) return {}
  return ttl === '5m' || ttl === '1h' ? { ttl } : undefined
}

export function cacheControlOf(hint: CacheHint): JsonObject {
  return hint.ttl === undefined ? { type: 'ephemeral' } : { type: 'ephemeral', ttl: hint.ttl }
}

interface Marker {
  readonly block: JsonObject
  readonly path: string | undefined
}

/** Collects the markers of one request while it is encoded, and takes back those over the limit. */
export class CacheMarkers {
  private readonly prefix: Marker[] = []
  private readonly conversation: Marker[] = []
  private current: Marker[] = this.prefix

  /** Tools and system are written; what follows are turns. */
  startConversation(): void {
    this.current = this.conversation
  }

  /** `block` must be an object the encoder made itself: its marker may be removed again. */
  add(block: JsonObject, path: string | undefined): void {
    if (block['cache_control'] !== undefined) this.current.push({ block, path })
  }

  /** Keeps the first markers of the prefix and the last ones of the conversation. */
  enforceLimit(automatic: boolean, report: Report): void {
    const limit = automatic ? MAX_MARKERS - 1 : MAX_MARKERS
    const keptPrefix = Math.min(this.prefix.length, Math.max(PREFIX_SHARE, limit - this.conversation.length))
    const keptConversation = Math.min(this.conversation.length, limit - keptPrefix)
    const dropped = [...this.prefix.slice(keptPrefix), ...this.conversation.slice(0, this.conversation.length - keptConversation)]
    for (const marker of dropped) {
      delete marker.block['cache_control']
      report.lost('cache_hint', marker.path, 'the format takes at most four cache markers')
    }
  }
}
