import { describe, expect, test } from 'bun:test'
import Ajv, { type ValidateFunction } from 'ajv'
import { existsSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { collect, contextOf, encodeStream, EVERYTHING, TARGET } from '../../src/codecs/responses/test-support.ts'
import { responsesCodec } from '../../src/codecs/responses/index.ts'

const SCHEMA = path.resolve(import.meta.dir, '../../../shared/data/openai-openapi.json')

/** Validators of the API's own schemas. Several of its unions say `oneOf` although their members overlap, so that is read as `anyOf`. */
function validators(): (name: string) => ValidateFunction {
  const document = JSON.parse(readFileSync(SCHEMA, 'utf8').replaceAll('"oneOf":', '"anyOf":')) as object
  const ajv = new Ajv({ strict: false, validateFormats: false, logger: false })
  ajv.addSchema(document, 'openai')
  return (name) => ajv.compile({ $ref: `openai#/components/schemas/${name}` })
}

function problems(validate: ValidateFunction, value: unknown): string[] {
  validate(value)
  return (validate.errors ?? []).map((error) => `${error.instancePath} ${error.message ?? ''}`)
}

const EVENT_SCHEMAS: Record<string, string> = {
  'response.created': 'ResponseCreatedEvent',
  'response.in_progress': 'ResponseInProgressEvent',
  'response.completed': 'ResponseCompletedEvent',
  'response.failed': 'ResponseFailedEvent',
  'response.output_item.added': 'ResponseOutputItemAddedEvent',
  'response.output_item.done': 'ResponseOutputItemDoneEvent',
  'response.content_part.added': 'ResponseContentPartAddedEvent',
  'response.content_part.done': 'ResponseContentPartDoneEvent',
  'response.output_text.delta': 'ResponseTextDeltaEvent',
  'response.output_text.done': 'ResponseTextDoneEvent',
  'response.output_text.annotation.added': 'ResponseOutputTextAnnotationAddedEvent',
  'response.refusal.delta': 'ResponseRefusalDeltaEvent',
  'response.refusal.done': 'ResponseRefusalDoneEvent',
  'response.reasoning_text.delta': 'ResponseReasoningTextDeltaEvent',
  'response.reasoning_text.done': 'ResponseReasoningTextDoneEvent',
  'response.reasoning_summary_part.added': 'ResponseReasoningSummaryPartAddedEvent',
  'response.reasoning_summary_part.done': 'ResponseReasoningSummaryPartDoneEvent',
  'response.reasoning_summary_text.delta': 'ResponseReasoningSummaryTextDeltaEvent',
  'response.reasoning_summary_text.done': 'ResponseReasoningSummaryTextDoneEvent',
  'response.function_call_arguments.delta': 'ResponseFunctionCallArgumentsDeltaEvent',
  'response.function_call_arguments.done': 'ResponseFunctionCallArgumentsDoneEvent',
  'response.custom_tool_call_input.delta': 'ResponseCustomToolCallInputDeltaEvent',
  'response.custom_tool_call_input.done': 'ResponseCustomToolCallInputDoneEvent',
}

describe.skipIf(!existsSync(SCHEMA))("OpenAI's published schema (skipped when ../shared/data is absent)", () => {
  const schema = existsSync(SCHEMA) ? validators() : undefined

  test('accepts a buffered answer with everything in it', () => {
    const { value } = responsesCodec.encodeResponse(
      collect(EVERYTHING).response,
      contextOf({ instructions: 'be brief', tools: [{ type: 'function', name: 'f' }] }),
    )
    expect(problems(schema!('Response'), value)).toEqual([])
  })

  test('accepts every event of a stream, with and without summaries, and of a failed one', () => {
    const runs = [
      encodeStream(EVERYTHING),
      encodeStream(EVERYTHING, contextOf({ reasoning: { summary: 'auto' } })),
      encodeStream([{ type: 'error', error: { message: 'no' } }]),
    ]
    for (const frame of runs.flat()) {
      const name = EVENT_SCHEMAS[String(frame.data['type'])]
      expect(name).toBeDefined()
      expect({ type: frame.data['type'], problems: problems(schema!(name!), frame.data) }).toEqual({
        type: frame.data['type'],
        problems: [],
      })
    }
  })

  test('accepts a request that was made from another format', () => {
    const { value } = responsesCodec.encodeRequest(
      {
        model: 'x',
        stream: false,
        sampling: { temperature: 1, topK: 4, stop: ['x'] },
        maxOutputTokens: 5,
        reasoning: { mode: 'enabled', budgetTokens: 5_000 },
        messages: [
          {
            role: 'system',
            instructions: true,
            content: [
              { type: 'text', text: 'a' },
              { type: 'text', text: 'b' },
            ],
          },
          {
            role: 'user',
            content: [
              { type: 'text', text: 'hi' },
              { type: 'image', source: { kind: 'base64', mediaType: 'image/png', data: 'AA==' } },
            ],
          },
          {
            role: 'assistant',
            content: [
              { type: 'text', text: 'calling' },
              { type: 'tool-call', id: 'call_1', name: 'f', input: { kind: 'json', value: { a: 1 } } },
            ],
          },
          {
            role: 'tool',
            content: [
              {
                type: 'tool-result',
                callId: 'call_1',
                kind: 'json',
                isError: true,
                content: [
                  { type: 'text', text: 'bad' },
                  { type: 'image', source: { kind: 'url', url: 'https://x.example/i.png' } },
                ],
              },
            ],
          },
          {
            role: 'user',
            content: [{ type: 'document', source: { kind: 'base64', mediaType: 'application/pdf', data: 'AA==' }, title: 'T' }],
          },
        ],
        tools: [{ type: 'function', name: 'f', parameters: { type: 'object' } }],
        toolChoice: { type: 'required' },
      },
      { ...TARGET, stream: true },
    )
    expect(problems(schema!('CreateResponse'), value)).toEqual([])
  })
})
