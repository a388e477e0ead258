import type { StreamFailure } from '../ir/stream-event.ts'

/** What a frame of an upstream holds; undefined where that is no JSON. */
export function parseFrame(data: string): unknown {
  try {
    return JSON.parse(data)
  } catch {
    return undefined
  }
}

/** How a stream of an upstream may go wrong, in whatever format. */
export const NO_JSON: StreamFailure = { message: 'the upstream sent a frame that is no JSON' }
export const NO_OBJECT: StreamFailure = { message: 'the upstream sent a frame that is no object' }
export const CUT_OFF: StreamFailure = { message: 'the upstream closed the stream before its end' }
export const UNNAMED_BLOCK: StreamFailure = { message: 'the upstream started a content block without saying which' }
export const UNPLACED_CONTENT: StreamFailure = { message: 'the upstream sent content without saying to which block it belongs' }
