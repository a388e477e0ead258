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
  if (!answer.includes('data: ')) return JSON.parse(answer.slice(4)).choices[0].message.content
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
    if (!answer.startsWith('200 ') || !expected(textOf(answer))) throw new Error(`wrong answer: ${answer.slice(0, 400)}`)
  }
}

const verifyWhole = verifyChat((text) => text.startsWith('The quick migration'))
const verifyStream = verifyChat((text) => text === STREAM_TEXT)

interface Spec {
  readonly name: string
  readonly target: number
  readonly body: (model: string, stream: boolean) => object
  readonly cross: boolean
  readonly stream?: 'single' | 'bursty'
  readonly slice: number
}

function row(spec: Spec): Row {
  const stream = spec.stream !== undefined
  const verify = stream ? verifyStream : verifyWhole
  const body = (model: string): string => {
    const made = spec.body(model, stream)
    return JSON.stringify(spec.stream === 'bursty' ? { ...made, user: 'bursty' } : made)
  }
  const gatewayBody = body(spec.cross ? 'cross/bench-model' : 'same/bench-model')
  const floorBody = body('bench-model')
  return {
    name: spec.name,
    target: spec.target,
    slice: spec.slice,
    gateway: (base) => ({ url: `${base}/v1/chat/completions`, headers: HEADERS, body: gatewayBody, verify }),
    floor: (base) => ({
      url: `${base}${spec.cross && stream ? '/reencode' : '/v1/chat/completions'}`,
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

/** Rows (a) to (d). The targets are those of ADR 4. */
export const ROWS: readonly Row[] = [
  row({ name: 'a  same format, 2 KB', target: 4, body: smallChat, cross: false, slice: 1500 }),
  row({ name: 'a  same format, 115 KB agent body', target: 3.8, body: agentChat, cross: false, slice: 300 }),
  row({ name: 'b  cross format, 2 KB', target: 4.2, body: smallChat, cross: true, slice: 1500 }),
  row({ name: 'b  cross format, 115 KB agent body', target: 4.6, body: agentChat, cross: true, slice: 300 }),
  row({
    name: 'c  stream same format, one event a chunk',
    target: 2.2,
    body: smallChat,
    cross: false,
    stream: 'single',
    slice: 200,
  }),
  row({ name: 'c  stream same format, bursty', target: 4, body: smallChat, cross: false, stream: 'bursty', slice: 600 }),
  row({
    name: 'd  stream cross format, one event a chunk',
    target: 2.2,
    body: smallChat,
    cross: true,
    stream: 'single',
    slice: 200,
  }),
  row({ name: 'd  stream cross format, bursty', target: 2.8, body: smallChat, cross: true, stream: 'bursty', slice: 600 }),
]
