import type { Codec } from '../../codecs/codec.ts'
import { decodeMediaUsage } from '../../codecs/openai-media-usage.ts'
import { codecFor } from '../../codecs/registry.ts'
import { isObject } from '../../ir/json.ts'
import type { Usage } from '../../ir/usage.ts'
import { quietJson } from '../../lib/quiet-json.ts'
import type { SseFrame } from '../../lib/sse-parser.ts'
import type { StreamFacts } from '../stream-facts.ts'

/** Reads what was used, and by which model, from answers of any address of a provider, as far as their shape is known. */
export class ToldUsage {
  private readonly codecs: readonly Codec[]
  private readonly facts: StreamFacts

  /** `facts` are filled. */
  constructor(codec: Codec, facts: StreamFacts) {
    // One address of an API of OpenAI's layout answers as Chat, the next as Responses, the third as images do.
    this.codecs = isOpenai(codec) ? [codecFor('openai'), codecFor('responses')] : [codec]
    this.facts = facts
  }

  /** A whole answer. */
  whole(json: unknown): void {
    for (const codec of this.codecs) this.take(codec.inspectResponse(json))
    this.takeMedia(json)
  }

  /** One event of a stream. */
  frame(frame: SseFrame): void {
    for (const codec of this.codecs) this.take(codec.inspectFrame(frame))
    this.takeMedia(quietJson(frame.data))
  }

  private take({ usage, model }: { readonly usage?: Usage | undefined; readonly model?: string | undefined }): void {
    this.facts.model = model ?? this.facts.model
    if (usage?.inputTokens !== undefined || usage?.outputTokens !== undefined) this.facts.told(usage)
  }

  private takeMedia(json: unknown): void {
    const [first] = this.codecs
    const usage = first !== undefined && isOpenai(first) ? decodeMediaUsage(json) : undefined
    if (usage !== undefined) this.facts.told(usage)
    // Embeddings and rankings tell their model, too, and no total of an output that they do not have.
    const told = this.facts.usage
    if (told?.inputTokens !== undefined && told.outputTokens === undefined && isObject(json) && Array.isArray(json['data']))
      this.facts.told({ outputTokens: 0 })
  }
}

const isOpenai = ({ format }: Codec): boolean => format === 'openai' || format === 'responses'
