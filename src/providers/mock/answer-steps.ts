import type { FinishReason } from '../../ir/finish.ts'
import type { StreamEvent } from '../../ir/stream-event.ts'
import type { ToolInput } from '../../ir/content.ts'
import type { Usage } from '../../ir/usage.ts'
import type { WireFormat } from '../../ir/wire-format.ts'
import type { MockStep } from './mock-script.ts'

/** What a scripted answer consists of. */
export interface MockAnswer {
  readonly reasoning?: string | undefined
  /** Text in the pieces it is streamed in. */
  readonly text?: readonly string[] | undefined
  readonly call?:
    | { readonly id: string; readonly name: string; readonly namespace?: string | undefined; readonly input: ToolInput }
    | undefined
  readonly usage: Usage
  readonly finish: FinishReason
  /** Before the first piece, and between two pieces. */
  readonly delayMs?: number | undefined
  readonly chunkDelayMs?: number | undefined
  /** Breaks off after this many pieces of text. */
  readonly cutAfterChunks?: number | undefined
}

/** The steps of an answer for an upstream of the given format. */
export function answerSteps(answer: MockAnswer, format: WireFormat): MockStep[] {
  const pieces = [...reasoningPieces(answer.reasoning, format), ...textPieces(answer), ...callPieces(answer)]
  const cutAt = answer.cutAfterChunks
  const begun = cutAt === undefined ? pieces : pieces.slice(0, reasoningPieces(answer.reasoning, format).length + cutAt)
  const steps: MockStep[] = []
  if (answer.delayMs !== undefined && answer.delayMs > 0) steps.push({ kind: 'pause', ms: answer.delayMs })
  const { inputTokens } = answer.usage
  steps.push({ kind: 'events', events: [{ type: 'response-start', usage: { inputTokens } }] })
  begun.forEach((events, index) => {
    if (index > 0 && answer.chunkDelayMs !== undefined && answer.chunkDelayMs > 0)
      steps.push({ kind: 'pause', ms: answer.chunkDelayMs })
    steps.push({ kind: 'events', events })
  })
  if (cutAt !== undefined) steps.push({ kind: 'cut' })
  else
    steps.push({
      kind: 'events',
      events: [{ type: 'usage', usage: answer.usage }, { type: 'finish', choice: 0, reason: answer.finish }, { type: 'end' }],
    })
  return steps
}

type Pieces = StreamEvent[][]

function reasoningPieces(reasoning: string | undefined, format: WireFormat): Pieces {
  if (reasoning === undefined) return []
  const block = 0
  const { form, state } = REASONING_HABITS[format]
  const pieces: Pieces = words(reasoning).map((text) => [
    { type: 'reasoning-delta', block, text, form, ...(form === 'summary' ? { part: 0 } : {}) },
  ])
  const kept: StreamEvent[] = state === undefined ? [] : [{ type: 'reasoning-state', block, origin: format, ...state }]
  return framed([{ type: 'reasoning-start', block, choice: 0 }], pieces, [...kept, { type: 'reasoning-end', block }])
}

/** How each vendor shows its reasoning, and what it wants back. */
const REASONING_HABITS: Readonly<
  Record<WireFormat, { readonly form: 'text' | 'summary'; readonly state?: { signature?: string; encrypted?: string } }>
> = {
  openai: { form: 'text' },
  responses: { form: 'summary', state: { encrypted: 'bW9jay1lbmNyeXB0ZWQ=' } },
  anthropic: { form: 'text', state: { signature: 'bW9jay1zaWduYXR1cmU=' } },
  gemini: { form: 'summary', state: { signature: 'bW9jay1zaWduYXR1cmU=' } },
  bedrock_converse: { form: 'text', state: { signature: 'bW9jay1zaWduYXR1cmU=' } },
}

function textPieces({ text }: MockAnswer): Pieces {
  if (text === undefined) return []
  const block = 1
  const pieces: Pieces = text.map((piece) => [{ type: 'text-delta', block, text: piece }])
  return framed([{ type: 'text-start', block, choice: 0 }], pieces, [{ type: 'text-end', block }])
}

function callPieces({ call }: MockAnswer): Pieces {
  if (call === undefined) return []
  const block = 2
  const { id, name, namespace, input } = call
  const text = input.kind === 'text' ? input.text : JSON.stringify(input.value ?? {})
  const start: StreamEvent = {
    type: 'tool-call-start',
    block,
    choice: 0,
    id,
    name,
    kind: input.kind,
    ...(namespace === undefined ? {} : { namespace }),
  }
  return framed(
    [start],
    inThirds(text).map((piece) => [{ type: 'tool-call-delta', block, text: piece }]),
    [{ type: 'tool-call-end', block }],
  )
}

/** The opening events join the first piece and the closing ones the last, so that pieces and chunks are the same number. */
function framed(opening: StreamEvent[], pieces: Pieces, closing: StreamEvent[]): Pieces {
  const filled: Pieces = pieces.length === 0 ? [[]] : pieces
  return filled.map((events, index) => [
    ...(index === 0 ? opening : []),
    ...events,
    ...(index === filled.length - 1 ? closing : []),
  ])
}

/** Cut at one third and two thirds, by characters; texts below six characters stay whole. */
export function inThirds(text: string): string[] {
  const characters = Array.from(text)
  if (characters.length < 6) return [text]
  const first = Math.floor(characters.length / 3)
  const second = Math.floor((characters.length * 2) / 3)
  return [characters.slice(0, first), characters.slice(first, second), characters.slice(second)].map((part) => part.join(''))
}

/** Words with the space before them. */
export function words(text: string): string[] {
  return text.match(/\s*\S+\s*$|\s*\S+/g) ?? [text]
}
