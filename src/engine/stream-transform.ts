import type { ClientContext } from '../codecs/codec.ts'
import { CheckedTransform } from './answer-schema/checked-transform.ts'
import type { AttemptInput, PreparedAttempt } from './attempt.ts'
import { PassthroughTransform } from './passthrough-transform.ts'
import type { StreamTransform } from './stream-facts.ts'
import { TranslatingTransform } from './translating-transform.ts'

/** How a stream becomes the client's: as it is, or translated; and looked at as a whole where the route wants that. */
export function streamTransform(input: AttemptInput, prepared: PreparedAttempt, context: () => ClientContext): StreamTransform {
  const transform = transformOf(input, prepared, context)
  const { answerCheck: check, codec, call } = input
  if (check === undefined) return transform
  const createErrorEncoder = () => call.codec.createStreamEncoder(context())
  return new CheckedTransform(transform, { check, decoder: codec.createStreamDecoder(), createErrorEncoder })
}

function transformOf(
  { call, codec, route }: AttemptInput,
  prepared: PreparedAttempt,
  context: () => ClientContext,
): StreamTransform {
  if (prepared.refusals.length > 0)
    return new TranslatingTransform(codec.createStreamDecoder(), call.codec.createStreamEncoder(context()))
  return new PassthroughTransform({
    codec: call.codec,
    showModel: route.responseModel === 'requested' ? call.model : undefined,
    dropUsageChunk: prepared.dropUsageChunk,
    createErrorEncoder: () => call.codec.createStreamEncoder(context()),
  })
}
