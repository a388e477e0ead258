import type { AnswerStream } from '../engine/engine.ts'
import { JsonListStream } from './json-list-stream.ts'

/** Another form in which a stream of events goes out. */
export interface StreamFraming {
  readonly contentType: string
  frame(events: AnswerStream): AnswerStream
  /** The body of an error that comes in place of the stream; without it, as everywhere. */
  error?(body: string): string
}

/** One JSON list of what the events hold. */
export const JSON_LIST: StreamFraming = {
  contentType: 'application/json',
  frame: (events) => new JsonListStream(events),
  error: (body) => `[${body}]`,
}
