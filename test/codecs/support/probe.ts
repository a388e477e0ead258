import { codecFor } from '../../../src/codecs/registry.ts'
import type { StreamEvent } from '../../../src/ir/stream-event.ts'
import { WIRE_FORMATS, type WireFormat } from '../../../src/ir/wire-format.ts'
import { covers } from './coverage.ts'
import { leavesOf } from './leaves.ts'
import { contextOf } from './stream.ts'
import { decodedRequest, translate } from './translate.ts'

/**
 * What becomes of a property. `modelled`: the canonical form has a place for it. `carried`: it is kept in the format's own words and
 * replayed to the same format. `diagnosed`: it goes, and a diagnostic says so. `restated`: nothing of it is kept, because every
 * encoder writes it anew (counters, places, echoes of the request) or it repeats what another property says.
 */
export type Status = 'modelled' | 'carried' | 'diagnosed' | 'restated'

export interface Probe {
  readonly status: Status
  /** Formats of upstreams that get nothing of it, without a diagnostic. */
  readonly silent: readonly WireFormat[]
}

type Pair = readonly [unknown, unknown]

/** Keys of canonical nodes below which the words are the format's own. */
const OWN_WORDS = new Set(['extra', 'raw', 'json'])
const PLACES = new Set(['path', 'paths'])

/** The canonical side of a value, and the side that is only carried. */
function sides(value: unknown): { modelled: string; carried: string } {
  const carried: unknown[] = []
  const modelled = JSON.stringify(value, (key, inner: unknown) => {
    if (PLACES.has(key)) return undefined
    if (!OWN_WORDS.has(key)) return inner
    carried.push(inner)
    return undefined
  })
  return { modelled, carried: JSON.stringify(carried) }
}

function statusOf(first: { value: unknown; diagnostics: unknown }, second: { value: unknown; diagnostics: unknown }): Status {
  const [one, two] = [sides(first.value), sides(second.value)]
  if (one.modelled !== two.modelled) return 'modelled'
  if (one.carried !== two.carried) return 'carried'
  return JSON.stringify(first.diagnostics) === JSON.stringify(second.diagnostics) ? 'restated' : 'diagnosed'
}

export function probeRequest(format: WireFormat, [first, second]: Pair): Probe {
  const decoded = [first, second].map((body) => decodedRequest(body, format))
  const known = new Set(leavesOf(second).map(({ path, value }) => `${path} ${JSON.stringify(value)}`))
  const own = leavesOf(first).filter(({ path, value }) => !known.has(`${path} ${JSON.stringify(value)}`))
  const silent = WIRE_FORMATS.filter((to) => {
    const [one, two] = [first, second].map((body) =>
      translate(body, format, to, { server: 'first-party', facts: { maxOutputTokens: 99_000, thinking: 'both' } }),
    )
    const isSeen = JSON.stringify([one!.body, one!.diagnostics]) !== JSON.stringify([two!.body, two!.diagnostics])
    return !isSeen && !own.every(({ path }) => one!.diagnostics.some((diagnostic) => covers(diagnostic, path)))
  })
  return { status: statusOf(decoded[0]!, decoded[1]!), silent }
}

export function probeAnswer(format: WireFormat, [first, second]: Pair): Probe {
  const [one, two] = [first, second].map((body) => codecFor(format).decodeResponse(body))
  const shown = [one!, two!].map(({ value, diagnostics }) =>
    JSON.stringify([codecFor(format).encodeResponse(value, contextOf(format)).value, diagnostics]),
  )
  return { status: statusOf(one!, two!), silent: shown[0] === shown[1] ? [format] : [] }
}

/** Frames of a stream as a decoder of `format` reads them; an opaque frame counts as carried. */
export function probeStream(format: WireFormat, [first, second]: readonly [readonly unknown[], readonly unknown[]]): Probe {
  const [one, two] = [first, second].map((frames) => readable(eventsOf(format, frames)))
  return { status: statusOf(one!, two!), silent: [] }
}

function eventsOf(format: WireFormat, frames: readonly unknown[]): StreamEvent[] {
  const decoder = codecFor(format).createStreamDecoder()
  const events: StreamEvent[] = []
  for (const frame of frames) {
    const event = typeof frame === 'object' && frame !== null ? (frame as { type?: string }).type : undefined
    decoder.push({ event, data: typeof frame === 'string' ? frame : JSON.stringify(frame) }, (found) => events.push(found))
  }
  decoder.end((found) => events.push(found))
  return events
}

function readable(events: readonly StreamEvent[]): { value: unknown; diagnostics: unknown } {
  const value = events.map((event) => {
    if (event.type === 'opaque') return { type: event.type, raw: [event.event, event.data] }
    return event.type === 'metadata' ? { type: event.type, raw: event.fields } : event
  })
  return { value, diagnostics: [] }
}
