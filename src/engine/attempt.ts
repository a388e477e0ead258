import type { Codec, EncodeTarget, ModelFacts } from '../codecs/codec.ts'
import { withoutAttribution } from '../codecs/attribution.ts'
import { Report } from '../codecs/report.ts'
import { GatewayError } from '../errors/gateway-error.ts'
import type { Diagnostic } from '../ir/diagnostic.ts'
import type { Feature } from '../ir/feature.ts'
import { providerOf } from '../ir/ids.ts'
import type { AnswerOrigin } from '../ir/question.ts'
import type { LlmRequest } from '../ir/request.ts'
import type { Route } from '../ir/snapshot.ts'
import type { Target } from '../ir/target.ts'
import type { AccountSettings } from '../providers/provider.settings.schema.ts'
import type { Provider, UpstreamBody } from '../providers/provider.types.ts'
import type { UnsentRequest } from '../transport/transport.ts'
import type { Call } from './engine.ts'
import type { AnswerCheck } from './answer-schema/answer-check.ts'
import type { InlinedMedia } from './media/media-step.ts'
import type { Revision } from './execution-deps.ts'
import { carries, LOST_MEDIA, whoTakes } from './media/capable-targets.ts'
import { passthroughRefusals } from './passthrough-decision.ts'
import { passthroughBody, translatedBody } from './request-body.ts'

/** What an attempt is made of. */
export interface AttemptInput {
  readonly call: Call
  readonly revision: Revision
  readonly route: Route
  readonly provider: Provider
  /** Of the provider, with what it remembers of earlier answers. */
  readonly codec: Codec
  readonly target: Target
  readonly account: AccountSettings
  readonly facts: ModelFacts
  readonly estimatedInputTokens: number
  /** Who gave the answer that the call continues. */
  readonly origin: AnswerOrigin | undefined
  /** The request with media that was fetched for it. */
  readonly media?: InlinedMedia | undefined
  /** Compares the answer with what was asked for, where the route wants that. */
  readonly answerCheck?: AnswerCheck | undefined
}

/** A request ready to be sent, and how its answer is to be read. */
export interface PreparedAttempt {
  readonly request: UnsentRequest
  /** Codes why the bytes could not go through as they were; empty for pass-through. */
  readonly refusals: readonly string[]
  /** The upstream streams although the client did not ask: fold it. */
  readonly fold: boolean
  /** Take out the usage chunk that only the gateway asked for. */
  readonly dropUsageChunk: boolean
  readonly diagnostics: readonly Diagnostic[]
}

/** Above this Anthropic refuses, or clients give up on, calls that do not stream (constant of its SDKs). */
const LONGEST_UNSTREAMED_OUTPUT = 21_333

/** Builds the upstream request: the client's bytes with splices, or a translation. Throws `translation_refused` on a strict route. */
export function prepareAttempt(input: AttemptInput): PreparedAttempt {
  const { call, provider, target } = input
  const fold = !call.stream && needsStream(input)
  const refusals = passthroughRefusals(call, { target, quirks: provider.quirks, firstParty: provider.firstParty })
  if (fold) refusals.push('folded_stream')
  if (isAwayFromOrigin(input)) refusals.push('state_elsewhere')
  if (input.media !== undefined) refusals.push('media_inlined')
  const passthrough = refusals.length === 0
  const addStreamUsage =
    call.stream && target.format === 'openai' && call.request.includeUsage !== true && provider.quirks.streamUsage !== false
  const encoded = passthrough
    ? { body: passthroughBody(call.body, { model: nameInBody(call, target), addStreamUsage }), diagnostics: [] }
    : translate(input, call.stream || fold)
  const request = provider.buildRequest({
    operation: 'generate',
    model: target.model,
    body: encoded.body,
    account: input.account,
    stream: call.stream || fold,
    clientHeaders: call.headers,
    clientFormat: call.codec.format,
  })
  return { request, refusals, fold, dropUsageChunk: passthrough && addStreamUsage, diagnostics: encoded.diagnostics }
}

/** The name of the target's model as bodies of its format write it. */
const nameInBody = ({ codec }: Call, { model }: Target): string => codec.passthrough.modelInBody?.(model) ?? model

function translate(input: AttemptInput, stream: boolean): { body: UpstreamBody; diagnostics: readonly Diagnostic[] } {
  const { call, provider, target } = input
  const report = new Report()
  const ownVendor = provider.firstParty && target.format === 'anthropic'
  const {
    request: whole,
    body,
    diagnostics: inlined,
  } = input.media ?? { request: call.request, body: call.body, diagnostics: NO_DIAGNOSTICS }
  report.diagnostics.push(...inlined)
  const asked = isAwayFromOrigin(input) ? withoutPreviousAnswer(whole, report) : whole
  const messages = ownVendor ? asked.messages : withoutAttribution(asked.messages, report)
  const request = messages === asked.messages ? asked : { ...asked, messages }
  const encodeTarget: EncodeTarget = { model: target.model, quirks: provider.quirks, facts: input.facts, stream }
  const { value, diagnostics } = input.codec.encodeRequest(request, encodeTarget)
  const all = report.diagnostics.length === 0 ? diagnostics : [...report.diagnostics, ...diagnostics]
  if (input.route.translation === 'strict') refuseLosses(target, all)
  if (input.route.strictSchemas === true) refuseLooseSchemas(target, all)
  if (input.route.translation !== 'allow') {
    refuseMissingConversation(target, all)
    refuseMissingMedia(input, all)
  }
  return { body: translatedBody(value, body), diagnostics: all }
}

const NO_DIAGNOSTICS: readonly Diagnostic[] = []

/** Another provider, or another account of the same one, cannot see the turns before the answer that the call continues. */
const isAwayFromOrigin = ({ origin, provider, account }: AttemptInput): boolean =>
  origin?.kind === 'known' && (provider.id !== providerOf(origin.target) || account.id !== origin.account)

function withoutPreviousAnswer(request: LlmRequest, report: Report): LlmRequest {
  const path = request.paths?.['state.previous_response_id']
  report.lost('state.previous_response_id', path, 'the turns before are kept by another provider or for another account')
  return { ...request, state: { ...request.state, previousResponseId: undefined } }
}

/** For a route that allows none. Throws `translation_refused`. */
export function refuseLosses(target: Target, diagnostics: readonly Diagnostic[]): void {
  const lost = diagnostics.filter((diagnostic) => diagnostic.severity === 'lost')
  if (lost.length === 0) return
  const what = [...new Set(lost.map((diagnostic) => `${diagnostic.code} at ${diagnostic.path || '/'}`))].slice(0, 5).join(', ')
  throw new GatewayError(
    'translation_refused',
    `Translating to ${target.format} for ${target.id} would lose ${what}, and the route does not allow losses.`,
    {
      target: target.id,
      details: { lost: lost.map(({ code, path }) => ({ code, path })) },
    },
  )
}

/** Parts of the request that stand for turns the provider keeps. Without them the model would answer another conversation. */
const KEPT_ELSEWHERE: ReadonlySet<Feature> = new Set<Feature>([
  'part.item_reference',
  'state.previous_response_id',
  'state.conversation',
  'state.prompt_template',
  'vendor.cached_content',
])

/** Losing a setting is told in a header; losing earlier turns is refused, unless the route allows even that. */
function refuseMissingConversation(target: Target, diagnostics: readonly Diagnostic[]): void {
  const missing = diagnostics.find((diagnostic) => diagnostic.severity === 'lost' && KEPT_ELSEWHERE.has(diagnostic.code))
  if (missing === undefined) return
  throw new GatewayError(
    'translation_refused',
    `The request refers to turns that are kept elsewhere (${missing.code} at ${missing.path}), and ${target.id} cannot see them. ` +
      'Send the whole conversation (for OpenAI clients: store false), or set translation: allow on the route to go on without them.',
    { target: target.id, details: { lost: [{ code: missing.code, path: missing.path }] } },
  )
}

/** A constraint that only the description holds is kept by a model that feels like it. */
function refuseLooseSchemas(target: Target, diagnostics: readonly Diagnostic[]): void {
  const loose = diagnostics.filter(({ code }) => code === 'schema_constraint')
  if (loose.length === 0) return
  const places = [...new Set(loose.map(({ path }) => path))]
  throw new GatewayError(
    'translation_refused',
    `${target.id} does not know what stands at ${places.slice(0, 3).join(', ')}${places.length > 3 ? ' and more places' : ''} in a schema, and strict_schema_downlevel is set. Leave it out of the schema, or choose a target that knows it.`,
    { target: target.id, details: { lost: loose.map(({ code, path }) => ({ code, path })) } },
  )
}

/** Media is never dropped, unless the route allows even that. */
function refuseMissingMedia({ target, call, revision }: AttemptInput, diagnostics: readonly Diagnostic[]): void {
  const missing = diagnostics.find((diagnostic) => diagnostic.severity === 'lost' && LOST_MEDIA.has(diagnostic.code))
  if (missing === undefined) return
  const { code, path } = missing
  const who = whoTakes(revision.snapshot, call.principal, ({ format }) => carries(format, code))
  throw new GatewayError(
    'translation_refused',
    `${target.id} cannot take what stands at ${path} (${code}), and media is not left out. ${who} Or set translation: allow on the route to go on without it.`,
    { target: target.id, details: { lost: [{ code, path }] } },
  )
}

function needsStream({ call, provider, target, facts }: AttemptInput): boolean {
  if (target.format !== 'anthropic') return false
  const limit = call.request.maxOutputTokens ?? facts.maxOutputTokens ?? 0
  return provider.firstParty && limit > LONGEST_UNSTREAMED_OUTPUT
}

/** The conversation is most of a request, and not kept for as long as an upstream takes to answer it. */
export const answeredRequest = ({ codec, request }: Call): LlmRequest =>
  codec.echoesRequest === true ? request : { ...request, messages: [] }
