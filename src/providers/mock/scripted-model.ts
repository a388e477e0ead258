import type { MockModel } from '../provider.settings.schema.ts'
import { answerSteps, words } from './answer-steps.ts'
import { echoText, failing, flaky, MOCK_USAGE } from './built-in-models.ts'
import type { MockScript } from './mock-script.ts'

const DEFAULT_FAILURE = 503

/** A model from the configuration. */
export function scriptedModel(model: MockModel): MockScript {
  const { text, reasoning, tool, delayMs, chunkDelayMs, cutAfterChunks, failStatus, failTimes } = model
  const serve: MockScript = (request, format) => ({
    kind: 'answer',
    steps: answerSteps(
      {
        usage: MOCK_USAGE,
        reasoning,
        // A tool alone is a call; with a text the model talks before it calls.
        text: tool !== undefined && text === undefined ? undefined : words(text ?? echoText(request)),
        call:
          tool === undefined
            ? undefined
            : { id: `call_mock_${request.messages.length}`, name: tool.name, input: { kind: 'json', value: tool.arguments } },
        finish: { unified: tool === undefined ? 'stop' : 'tool-calls' },
        delayMs,
        chunkDelayMs,
        cutAfterChunks,
      },
      format,
    ),
  })
  if (failTimes !== undefined) return flaky(failTimes, failStatus ?? DEFAULT_FAILURE, serve)
  return failStatus === undefined ? serve : failing(failStatus)
}
