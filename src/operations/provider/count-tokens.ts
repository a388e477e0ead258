import { bodyText, parsed, refusalOf, sendTo } from './call-upstream.ts'
import type { Upstream } from './open-upstream.ts'

export interface CountedText {
  readonly model: string
  readonly text: string
  readonly signal: AbortSignal
}

/** How many tokens an upstream counts in a text; undefined where its format has no counter. Rejects with what it refused with. */
export async function countTokens(upstream: Upstream, { model, text, signal }: CountedText): Promise<number | undefined> {
  const { provider, account } = upstream
  const { codec, quirks, settings } = provider
  if (codec.tokenCounter === undefined) return undefined
  const encoded = codec.encodeRequest(
    { model, messages: [{ role: 'user', content: [{ type: 'text', text }] }], sampling: {}, stream: false },
    { model, quirks, facts: {}, stream: false },
  ).value
  const request = provider.buildRequest({
    operation: 'count-tokens',
    model,
    body: JSON.stringify(codec.tokenCounter.body(encoded, model)),
    account,
    stream: false,
    clientHeaders: new Headers(),
    clientFormat: settings.format,
  })
  const response = await sendTo(upstream, request, signal)
  const answer = await bodyText(response)
  if (!response.ok) throw refusalOf(upstream, response, answer)
  return codec.tokenCounter.read(parsed(answer)) ?? 0
}
