/** Public entry `switchback-gateway/codecs`: wire formats ↔ canonical form, pure and synchronous. */
export { codecFor, codecs } from './registry.ts'
export { ResponseCollector } from './collect.ts'
export { replayResponse } from './replay.ts'
export type { CallAddress, ClientContext, Codec, EncodeTarget, StreamDecoder, StreamEncoder } from './codec.ts'
export type { LlmRequest } from '../ir/request.ts'
export type { LlmResponse } from '../ir/response.ts'
export type { StreamEvent } from '../ir/stream-event.ts'
export type { WireFormat } from '../ir/wire-format.ts'
