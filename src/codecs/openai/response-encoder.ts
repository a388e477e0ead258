import type { Translated } from '../../ir/diagnostic.ts'
import type { JsonObject } from '../../ir/json.ts'
import type { LlmResponse, ResponseChoice } from '../../ir/response.ts'
import type { ClientContext } from '../codec.ts'
import { Report } from '../report.ts'
import { encodeAnswerMessage } from './answer-parts.ts'
import { ClientTools } from './client-tools.ts'
import { addExtra } from './fields.ts'
import { encodeFinish } from './finish.ts'
import { encodeUsage } from './usage.ts'

/** Encodes a whole answer for a client of this format. */
export function encodeResponse(response: LlmResponse, context: ClientContext): Translated<JsonObject> {
  const report = new Report()
  const tools = new ClientTools(context.request)
  const body: JsonObject = {
    id: answerId(response.id, context),
    object: 'chat.completion',
    created: response.createdAt ?? context.createdAt,
    model: context.model,
    choices: response.choices.map((choice, at) => encodeChoice(choice, at, tools, report)),
  }
  if (response.usage !== undefined) body['usage'] = encodeUsage(response.usage)
  addExtra(body, response.extra, '', report)
  if (!isKnownTier(body['service_tier'])) {
    delete body['service_tier']
    report.lost('extension', '/service_tier', 'a tier of service that only this upstream knows was left out')
  }
  return { value: body, diagnostics: report.diagnostics }
}

const TIERS: ReadonlySet<unknown> = new Set([undefined, null, 'auto', 'default', 'flex', 'scale', 'priority', 'fast'])

/** Strict clients check `service_tier` against the official list; some servers have words of their own for it. */
export function isKnownTier(tier: unknown): boolean {
  return TIERS.has(tier)
}

/** The upstream's id where it looks like one of this format, else one made from the id of the request. */
export function answerId(upstreamId: string | undefined, context: ClientContext): string {
  return upstreamId?.startsWith('chatcmpl-') === true ? upstreamId : `chatcmpl-${context.requestId}`
}

function encodeChoice(choice: ResponseChoice, at: number, tools: ClientTools, report: Report): JsonObject {
  const message = encodeAnswerMessage(choice.content, tools, `/choices/${at}/message`, report)
  const logprobs = choice.content.flatMap((part): unknown[] => {
    if (part.type !== 'text' || part.logprobs === undefined) return []
    return Array.isArray(part.logprobs.value) ? part.logprobs.value : [part.logprobs.value]
  })
  return {
    index: choice.index,
    message,
    logprobs: logprobs.length === 0 ? null : { content: logprobs, refusal: null },
    finish_reason: encodeFinish(choice.finish),
  }
}
