import type { ToolCallPart } from '../../ir/content.ts'
import type { UnifiedFinish } from '../../ir/finish.ts'
import { isObject } from '../../ir/json.ts'
import type { ErrorCode } from '../../errors/codes.ts'
import type { ProbeSeen } from './probe-call.ts'
import type { Expectation } from './probe.types.ts'

/** The text of the first choice. */
export const textOf = ({ response }: ProbeSeen): string =>
  (response.choices[0]?.content ?? []).map((part) => (part.type === 'text' ? part.text : '')).join('')

export const callsOf = ({ response }: Pick<ProbeSeen, 'response'>): ToolCallPart[] =>
  (response.choices[0]?.content ?? []).filter((part) => part.type === 'tool-call')

/** The arguments of a call; undefined when they are no JSON object. */
function argumentsOf({ input }: ToolCallPart): Readonly<Record<string, unknown>> | undefined {
  if (input.kind !== 'json') return undefined
  try {
    const value: unknown = input.value ?? JSON.parse(input.text === undefined || input.text === '' ? '{}' : input.text)
    return isObject(value) ? value : undefined
  } catch {
    return undefined
  }
}

/** There is an answer, whole, and nothing failed. */
export const answers: Expectation = ({ error }) => error?.message

export const saysSomething: Expectation = (seen) => (textOf(seen).trim() === '' ? 'The answer has no text.' : undefined)

export const says =
  (pattern: RegExp): Expectation =>
  (seen) =>
    pattern.test(textOf(seen)) ? undefined : 'The answer does not say what it was asked to say.'

export const saysNot =
  (pattern: RegExp): Expectation =>
  (seen) =>
    pattern.test(textOf(seen)) ? 'The answer holds what it must not hold.' : undefined

export const keepsCharacters: Expectation = (seen) =>
  textOf(seen).includes('\uFFFD') ? 'Characters beyond ASCII arrive broken.' : undefined

export const ends =
  (...reasons: readonly UnifiedFinish[]): Expectation =>
  ({ response }) => {
    const found = response.choices[0]?.finish.unified
    if (found !== undefined && reasons.includes(found)) return undefined
    return `The answer ends with the reason ${found ?? 'none'} instead of ${reasons.join(' or ')}.`
  }

/** Words that mean the end of a turn in formats that have another one for calls; the gateway corrects it, other clients do not. */
const END_OF_TURN = /^(stop|end_turn)$/

export const endsWithCalls: Expectation = (seen) => {
  const { raw } = seen.response.choices[0]?.finish ?? {}
  return callsOf(seen).length > 0 && raw !== undefined && END_OF_TURN.test(raw)
    ? 'The answer calls a tool and says that it ends with its turn.'
    : ends('tool-calls')(seen)
}

export const tellsUsage: Expectation = ({ response: { usage } }) =>
  (usage?.inputTokens ?? 0) > 0 && (usage?.outputTokens ?? 0) > 0 ? undefined : 'The answer does not tell what it used.'

export const staysWithin =
  (tokens: number): Expectation =>
  ({ response: { usage } }) =>
    (usage?.outputTokens ?? 0) > tokens ? `The answer is longer than the ${tokens} tokens it was allowed.` : undefined

/** The text comes in pieces and not all at once. */
export const streamsText: Expectation = ({ events }) =>
  events.filter(({ type }) => type === 'text-delta').length > 1 ? undefined : 'The text comes in one piece.'

/** The arguments of a call come in pieces. */
export const streamsArguments: Expectation = ({ events }) =>
  events.filter((event) => event.type === 'tool-call-delta' && event.text !== '').length > 1
    ? undefined
    : 'The arguments of the call come in one piece.'

export const closesBlocks: Expectation = ({ events }) => {
  const open = new Set<number>()
  for (const event of events) {
    if (event.type.endsWith('-start') && 'block' in event) open.add(event.block)
    if (event.type.endsWith('-end') && 'block' in event) open.delete(event.block)
  }
  return open.size === 0 ? undefined : 'A part of the answer is begun and not ended.'
}

export const callsTools =
  (...names: readonly string[]): Expectation =>
  (seen) => {
    const called = callsOf(seen).map(({ name }) => name)
    const missing = names.filter((name) => !called.includes(name))
    if (missing.length === 0) return undefined
    return called.length === 0
      ? 'No tool is called.'
      : `${called.length === 1 ? 'One tool is' : `${called.length} tools are`} called, and not ${missing.join(', ')}.`
  }

export const callsNone: Expectation = (seen) =>
  callsOf(seen).length === 0 ? undefined : 'A tool is called although none may be.'

export const callsAtMost =
  (count: number): Expectation =>
  (seen) =>
    callsOf(seen).length > count ? `${callsOf(seen).length} tools are called at once, where ${count} was allowed.` : undefined

/** Calls can be told apart, so that their results find them. */
export const namesCalls: Expectation = (seen) => {
  const ids = callsOf(seen).map(({ id }) => id)
  if (ids.includes('')) return 'A call has no id.'
  return new Set(ids).size === ids.length ? undefined : 'Two calls have the same id.'
}

export const writesJson: Expectation = (seen) =>
  callsOf(seen).every((call) => argumentsOf(call) !== undefined) ? undefined : 'The arguments of a call are no JSON object.'

/** The arguments of the first call fit. */
export const givesArguments =
  (fits: (value: Readonly<Record<string, unknown>>) => boolean): Expectation =>
  (seen) => {
    const [call] = callsOf(seen)
    const value = call === undefined ? undefined : argumentsOf(call)
    return value !== undefined && fits(value) ? undefined : 'The arguments of the call do not fit the schema of the tool.'
  }

/** The text is JSON that fits. */
export const givesJson =
  (fits: (value: Readonly<Record<string, unknown>>) => boolean): Expectation =>
  (seen) => {
    try {
      const value: unknown = JSON.parse(textOf(seen))
      return isObject(value) && fits(value) ? undefined : 'The answer is JSON that does not fit the schema.'
    } catch {
      return 'The answer is no JSON.'
    }
  }

export const reasons: Expectation = ({ response }) =>
  (response.choices[0]?.content ?? []).some(({ type }) => type === 'reasoning') || (response.usage?.reasoningTokens ?? 0) > 0
    ? undefined
    : 'Neither reasoning nor its tokens are told.'

/** A refusal that a client understands. */
export const refuses =
  (...codes: readonly ErrorCode[]): Expectation =>
  ({ status, error, errorBody }) => {
    if (error === undefined) return 'It is answered as if nothing were wrong.'
    if (status === undefined || status < 400) return 'The failure is told with a status that says success.'
    if (!codes.includes(error.code)) return `It is refused as ${error.code} (status ${status}) instead of ${codes.join(' or ')}.`
    return errorBody === 'json' ? undefined : 'The refusal is no JSON object with a message.'
  }

/** The first text was seen and the call was then let go. */
export const begins: Expectation = ({ error, firstTokenMs }) =>
  error?.message ?? (firstTokenMs === undefined ? 'The stream ends before anything is said.' : undefined)
