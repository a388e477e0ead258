import { agentChat, smallChat, STREAM_TEXT } from './support/bodies.ts'
import type { Shot } from './support/load.ts'

/** A comparison of the gateway with a floor. */
export interface Row {
  readonly name: string
  /** Highest allowed ratio of CPU per request to the floor's. */
  readonly target: number
  readonly gateway: (base: string) => Shot
  readonly floor: (base: string) => Shot
  /** Requests in one slice; slices of gateway and floor alternate. */
  readonly slice: number
}

export const BENCH_KEY = 'bench-client-key'
const HEADERS = { 'content-type': 'application/json', authorization: `Bearer ${BENCH_KEY}` }

function textOf(answer: string): string {
  if (!answer.startsWith('data: ')) return JSON.parse(answer).choices[0].message.content
  const pieces: string[] = []
  for (const line of answer.split('\n')) {
    if (!line.startsWith('data: {')) continue
    const piece: unknown = JSON.parse(line.slice(6)).choices[0]?.delta?.content
    if (typeof piece === 'string') pieces.push(piece)
  }
  return pieces.join('')
}

function verifyChat(expected: (text: string) => boolean): (answer: string) => void {
  return (answer) => {
    if (!answer.startsWith('200 ') || !expected(textOf(answer.slice(4)))) throw new Error(`wrong answer: ${answer.slice(0, 400)}`)
  }
}

const verifyWhole = verifyChat((text) => text.startsWith('The quick migration'))
const verifyStream = verifyChat((text) => text === STREAM_TEXT)

interface Spec {
  readonly name: string
  readonly target: number
  readonly body: (model: string, stream: boolean) => object
  /** Id of the provider: `same` speaks the client's format. */
  readonly provider: 'same' | 'cross' | 'gemini' | 'bedrock'
  readonly stream?: 'single' | 'bursty'
  readonly slice: number
}

/** What the floors call the formats of the providers. */
const FORMATS = { cross: 'messages', gemini: 'gemini', bedrock: 'converse' } as const

function row(spec: Spec): Row {
  const stream = spec.stream !== undefined
  const verify = stream ? verifyStream : verifyWhole
  const body = (model: string): string => JSON.stringify(spec.body(model, stream))
  // The upstream reads it from the name of the model, which every format carries.
  const model = spec.stream === 'bursty' ? 'bench-bursty' : 'bench-model'
  const gatewayBody = body(`${spec.provider}/${model}`)
  const floorBody = body(model)
  return {
    name: spec.name,
    target: spec.target,
    slice: spec.slice,
    gateway: (base) => ({ url: `${base}/v1/chat/completions`, headers: HEADERS, body: gatewayBody, verify }),
    floor: (base) => ({
      url: `${base}${spec.provider !== 'same' && stream ? `/reencode/${FORMATS[spec.provider]}` : '/v1/chat/completions'}`,
      headers: HEADERS,
      body: floorBody,
      verify,
    }),
  }
}

/** A small request of which the floor is another gateway. */
export function smallChatRow(name: string, target: number): Row {
  const shot = (base: string): Shot => ({
    url: `${base}/v1/chat/completions`,
    headers: HEADERS,
    body: JSON.stringify(smallChat('same/bench-model', false)),
    verify: verifyWhole,
  })
  return { name, target, slice: 1500, gateway: shot, floor: shot }
}

/** The targets are those of ADR 4. */
export const ROWS: readonly Row[] = [
  row({ name: 'a  same format, 2 KB', target: 4, body: smallChat, provider: 'same', slice: 1500 }),
  row({ name: 'a  same format, 115 KB agent body', target: 3.8, body: agentChat, provider: 'same', slice: 300 }),
  row({ name: 'b  cross format, 2 KB', target: 4.2, body: smallChat, provider: 'cross', slice: 1500 }),
  row({ name: 'b  cross format, 115 KB agent body', target: 4.6, body: agentChat, provider: 'cross', slice: 300 }),
  row({
    name: 'c  stream same format, one event a chunk',
    target: 2.2,
    body: smallChat,
    provider: 'same',
    stream: 'single',
    slice: 200,
  }),
  row({ name: 'c  stream same format, bursty', target: 4, body: smallChat, provider: 'same', stream: 'bursty', slice: 600 }),
  row({
    name: 'd  stream cross format, one event a chunk',
    target: 2.2,
    body: smallChat,
    provider: 'cross',
    stream: 'single',
    slice: 200,
  }),
  row({ name: 'd  stream cross format, bursty', target: 2.8, body: smallChat, provider: 'cross', stream: 'bursty', slice: 600 }),
  row({
    name: 'e  stream of Gemini, one event a chunk',
    target: 2,
    body: smallChat,
    provider: 'gemini',
    stream: 'single',
    slice: 200,
  }),
  row({
    name: 'e  stream of Bedrock, one event a chunk',
    target: 2.9,
    body: smallChat,
    provider: 'bedrock',
    stream: 'single',
    slice: 200,
  }),
]
