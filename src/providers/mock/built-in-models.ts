import type { LlmRequest } from '../../ir/request.ts'
import type { Usage } from '../../ir/usage.ts'
import { answerSteps, inThirds, words, type MockAnswer } from './answer-steps.ts'
import { exampleCall, lastToolResult, lastUserText } from './conversation.ts'
import type { MockOutcome, MockScript } from './mock-script.ts'

/** Every answer of a built-in model costs the same, so that sums are easy to check. */
export const MOCK_USAGE: Usage = { inputTokens: 8, outputTokens: 8 }

const answering =
  (answer: (request: LlmRequest) => Partial<MockAnswer>): MockScript =>
  (request, format) => ({
    kind: 'answer',
    steps: answerSteps({ usage: MOCK_USAGE, finish: { unified: 'stop' }, ...answer(request) }, format),
  })

export const echoText = (request: LlmRequest): string => `echo: ${lastUserText(request)}`

const echo = answering((request) => ({ text: inThirds(echoText(request)) }))

const reasoning = answering((request) => ({
  reasoning: 'The user wants to see reasoning before the answer. The text is short, so it can be repeated as it is.',
  text: inThirds(echoText(request)),
}))

const slow = answering((request) => ({
  text: words(`${echoText(request)} (one word at a time, to show what a slow model looks like)`),
  delayMs: 1000,
  chunkDelayMs: 300,
}))

const cut = answering((request) => ({ text: inThirds(`${echoText(request)} and then the stream broke off`), cutAfterChunks: 2 }))

/** Calls a tool; answers in words when there is a result, or nothing to call. */
const tool: MockScript = (request, format) => {
  const result = lastToolResult(request)
  const call = result === undefined ? exampleCall(request) : undefined
  const plain = result === undefined ? `There is no tool to call. ${echoText(request)}` : `The tool answered: ${result}`
  return answering(() =>
    call === undefined ? { text: words(plain) } : { call: { id: callId(request), ...call }, finish: { unified: 'tool-calls' } },
  )(request, format)
}

/** The same conversation gets the same id, and each turn another one. */
const callId = (request: LlmRequest): string => `call_mock_${request.messages.length}`

/** Fails as often as told, then serves. */
export function flaky(failures: number, status: number, serve: MockScript): MockScript {
  let failed = 0
  return (request, format) => (failed++ < failures ? { kind: 'failure', status } : serve(request, format))
}

export const failing =
  (status: number): MockScript =>
  (): MockOutcome => ({ kind: 'failure', status })

/** The built-in models except `fail-<status>`. Each provider has its own set: `flaky` counts. */
export function builtInModels(): Map<string, MockScript> {
  return new Map([
    ['echo', echo],
    ['tool', tool],
    ['reasoning', reasoning],
    ['slow', slow],
    // A fault that is tried again in place: the client sees the second call only.
    ['flaky', flaky(1, 500, echo)],
    ['cut', cut],
  ])
}
