import type { EventFormat } from './client-formats.ts'

/** JSON of the wire, which the readers check themselves. */
export type Json = any

export interface ScriptedCall {
  readonly id: string
  readonly name: string
  readonly arguments: Readonly<Record<string, unknown>>
}

/** What the upstream answers, before a format writes it down. */
export interface Answer {
  readonly reasoning?: boolean
  readonly text?: string
  readonly calls?: readonly ScriptedCall[]
  readonly finish?: 'length'
  /** Says the first pieces of the text and then nothing more, with the connection open. */
  readonly holds?: boolean
  /** Breaks the connection off in the middle of the text. */
  readonly cuts?: boolean
  /** Tells of an error in the middle of the text. */
  readonly breaks?: boolean
}

/** One thing of a conversation as the upstream understood it. */
export type SeenPart =
  | { readonly kind: 'system'; readonly text: string }
  | { readonly kind: 'text'; readonly role: 'user' | 'assistant'; readonly text: string }
  | { readonly kind: 'image'; readonly mediaType?: string; readonly data?: string; readonly url?: string }
  | { readonly kind: 'reasoning' }
  | { readonly kind: 'call'; readonly id: string; readonly name: string; readonly arguments: Json }
  | { readonly kind: 'result'; readonly id: string; readonly text: string }

/** A request as the upstream understood it. */
export interface Seen {
  readonly stream: boolean
  readonly parts: readonly SeenPart[]
  readonly tools: readonly { readonly name: string; readonly parameters: Json }[]
  readonly schema?: Json
  /** Reasoning was asked for. */
  readonly thinks: boolean
}

/** The upstream will not serve the request; told in its own envelope. */
export class Refusal extends Error {
  readonly status: number
  readonly type: string
  readonly code: string | null
  readonly param: string | null
  readonly headers: Readonly<Record<string, string>>

  constructor(
    message: string,
    facts: { status?: number; type?: string; code?: string; param?: string; headers?: Record<string, string> } = {},
  ) {
    super(message)
    this.status = facts.status ?? 400
    this.type = facts.type ?? 'invalid_request_error'
    this.code = facts.code ?? null
    this.param = facts.param ?? null
    this.headers = facts.headers ?? {}
  }
}

/** Refuses the request unless `condition` holds. */
export function demand(condition: unknown, message: string): asserts condition {
  if (condition === undefined || condition === null || condition === false || condition === 0 || condition === '') {
    throw new Refusal(`scripted upstream: ${message}`)
  }
}

/** Refuses fields that the format does not define, as the vendors do. */
export function demandOnly(object: Json, known: readonly string[], where: string): void {
  for (const key of Object.keys(object)) demand(known.includes(key), `${where}.${key}: Extra inputs are not permitted`)
}

/** One format of the upstream. */
export interface Dialect {
  readonly format: EventFormat
  /** Id of the call number `n` of a conversation, in the vendor's own fashion. */
  callId(n: number): string
  /** Checks the request as the vendor does and says what it holds; throws `Refusal`. `stream` is what the path says of it. */
  read(body: Json, headers: Readonly<Record<string, string>>, stream?: boolean): Seen
  whole(answer: Answer, model: string, body: Json): Json
  /** Frames of the stream; the last one ends it. */
  frames(answer: Answer, model: string, body: Json): readonly string[]
  error(refusal: Refusal): Json
  /** Frame that tells of an error within a stream. */
  errorFrame(): string
}

/** Tokens of every answer. Each part differs from every other, so that none can stand in for another. */
export const TOKENS = { input: 200, cached: 64, cacheWrite: 16, output: 42, reasoning: 7 } as const

export const GREETING = 'The answer is “42” — ¡así es! 🦜\nOne more line.'
export const REASONING = 'First I look at the map.\nThen I — carefully — decide.'

/** A text in pieces as models stream them, some of them inside words and lines. */
export const piecesOf = (text: string): string[] => text.match(/[\s\S]{1,7}/gu) ?? []

/** The pieces that are sent before a stream holds, cuts or breaks. */
export const beginningOf = (answer: Answer): string[] => {
  const pieces = piecesOf(answer.text ?? '')
  return answer.holds === true || answer.cuts === true || answer.breaks === true ? pieces.slice(0, 3) : pieces
}

/** What the models of the upstream do, by name. */
export const SCRIPTS: Readonly<Record<string, (seen: Seen, dialect: Dialect) => Answer>> = {
  text: () => ({ text: GREETING }),
  short: () => ({ text: 'Cut', finish: 'length' }),
  system: (seen) => ({
    text: seen.parts
      .filter((part) => part.kind === 'system')
      .map((part) => part.text)
      .join('|'),
  }),
  tools: (seen, dialect) => toolLoop(seen, dialect, false),
  reasoning: (seen, dialect) => {
    demand(seen.thinks, 'reasoning was not asked for')
    return toolLoop(seen, dialect, true)
  },
  /** For clients that ask for reasoning and cannot give it back. */
  forgetful: (seen, dialect) => ({ ...toolLoop(seen, dialect, false), reasoning: seen.thinks }),
  parallel: (seen, dialect) => {
    const results = seen.parts.filter((part) => part.kind === 'result')
    const ids = CITIES.map((_city, n) => dialect.callId(n))
    if (results.length > 0)
      demand(
        seen.parts.some((part) => part.kind === 'text' && part.text === SAID),
        'the text before the calls did not come back',
      )
    if (results.length > 0) return { text: results.map((result) => `${ids.indexOf(result.id)}: ${result.text}`).join('; ') }
    demandTool(seen)
    return { text: SAID, calls: CITIES.map((city, n) => call(dialect.callId(n), city)) }
  },
  schema: (seen, dialect) => {
    // Clients that do not trust a model with schemas make it call a tool instead.
    const tool = seen.tools.find(({ name }) => name === 'json')
    if (tool !== undefined)
      return { calls: [{ id: dialect.callId(0), name: 'json', arguments: exampleOf(tool.parameters) as Json }] }
    demand(seen.schema, 'no schema arrived')
    return { text: JSON.stringify(exampleOf(seen.schema)) }
  },
  image: (seen) => {
    const images = seen.parts.filter((part) => part.kind === 'image')
    demand(images.length > 0, 'no image arrived')
    return { text: images.map((image) => image.url ?? `${image.mediaType} ${image.data}`).join('\n') }
  },
  /** Goes on with a conversation that others have begun: any history that the vendor accepts. */
  adopt: (seen) => {
    const calls = seen.parts.filter((part) => part.kind === 'call')
    const results = seen.parts.filter((part) => part.kind === 'result')
    const pairs = calls.map((call) => `${call.arguments.city}: ${results.find(({ id }) => id === call.id)?.text}`)
    return { text: [...pairs, ...seen.parts.filter((part) => part.kind === 'system').map(({ text }) => text)].join('; ') }
  },
  agent: driveAgent,
  hold: () => ({ text: GREETING, holds: true }),
  cut: () => ({ text: GREETING, cuts: true }),
  break: () => ({ text: GREETING, breaks: true }),
}

/** What a coding agent is told to do by the model `agent`, when its prompt holds USE_TOOL, and how the task ends. */
export const AGENT_TASK = { file: 'proof.txt', content: 'the-tool-ran', done: 'TOOL-TASK-DONE', text: 'TEXT-TASK-DONE' } as const

const SHELLS = ['Bash', 'bash', 'exec_command', 'shell_command', 'shell', 'run_shell_command']

/** One command for the agent's shell, then a closing text that repeats what the command printed. */
function driveAgent(seen: Seen, dialect: Dialect): Answer {
  const reasoning = seen.thinks
  const result = seen.parts.findLast((part) => part.kind === 'result')
  if (result !== undefined) {
    if (reasoning) demandReasoning(seen, seen.parts.filter((part) => part.kind === 'call').length)
    return { reasoning, text: `${AGENT_TASK.done} ${reasoning ? 'with thoughts' : 'without thoughts'}: ${result.text}` }
  }
  if (!seen.parts.some((part) => part.kind === 'text' && part.text.includes('USE_TOOL')))
    return { reasoning, text: AGENT_TASK.text }
  const tool = seen.tools.find(({ name }) => SHELLS.includes(name))
  demand(tool, `no shell among the tools ${seen.tools.map(({ name }) => name).join()}`)
  const properties: Json = tool.parameters.properties
  const command = `printf ${AGENT_TASK.content} > ${AGENT_TASK.file} && cat ${AGENT_TASK.file}`
  const input = {
    [properties.cmd === undefined ? 'command' : 'cmd']: command,
    ...(properties.description === undefined ? {} : { description: 'Writes a file' }),
  }
  return { reasoning, calls: [{ id: dialect.callId(0), name: tool.name, arguments: input }] }
}

/** What the model says before it calls. */
export const SAID = 'Looking.'

/** What the scripted models want to know of, in this order. */
const CITIES = ['Paris', 'Oslo', 'São Paulo']

/** Calls one after the other for the first two cities, then a text made of the results in the order they came back. */
function toolLoop(seen: Seen, dialect: Dialect, reasoning: boolean): Answer {
  demandTool(seen)
  const calls = seen.parts.filter((part) => part.kind === 'call')
  const results = seen.parts.filter((part) => part.kind === 'result')
  for (const [n, made] of calls.entries()) {
    demand(made.id === dialect.callId(n), `call ${n} came back as ${made.id}`)
    demand(
      made.name === 'get_weather' && made.arguments.city === CITIES[n],
      `call ${n} came back changed: ${JSON.stringify(made)}`,
    )
  }
  for (const [n, result] of results.entries()) demand(result.id === dialect.callId(n), `result ${n} came back as ${result.id}`)
  if (reasoning) demandReasoning(seen, calls.length)
  const city = CITIES.slice(0, 2)[results.length]
  if (city !== undefined) return { reasoning, calls: [call(dialect.callId(results.length), city)] }
  return { reasoning, text: results.map((result, n) => `${CITIES[n]}: ${result.text}`).join('; ') }
}

/** Each call that was made after thinking has its reasoning before it. */
function demandReasoning({ parts }: Seen, calls: number): void {
  const kinds = parts.filter((part) => part.kind === 'reasoning' || part.kind === 'call').map((part) => part.kind)
  const expected = Array.from({ length: calls }, () => ['reasoning', 'call']).flat()
  demand(kinds.join() === expected.join(), `the reasoning did not come back before its call: ${kinds.join()}`)
}

function demandTool(seen: Seen): void {
  const tool = seen.tools.find(({ name }) => name === 'get_weather')
  demand(tool, 'the tool get_weather did not arrive')
  demand(tool.parameters?.properties?.city?.type === 'string', 'the parameters of the tool did not arrive')
}

const call = (id: string, city: string): ScriptedCall => ({
  id,
  name: 'get_weather',
  arguments: { city, days: 3, note: '"quoted" \\ ü' },
})

/** The least interesting value that fits a schema. */
function exampleOf(schema: Json): unknown {
  if (schema.enum !== undefined) return schema.enum.at(-1)
  switch (schema.type) {
    case 'object':
      return Object.fromEntries(Object.entries(schema.properties).map(([key, value]) => [key, exampleOf(value)]))
    case 'array':
      return [exampleOf(schema.items), exampleOf(schema.items)]
    case 'string':
      return 'grüße'
    case 'integer':
    case 'number':
      return 7
    case 'boolean':
      return true
    default:
      throw new Refusal(`scripted upstream: no example for ${JSON.stringify(schema)}`)
  }
}

/** The vendors' strict schemas close every object. */
export function demandClosed(schema: Json): void {
  if (typeof schema !== 'object' || schema === null) return
  if (schema.type === 'object')
    demand(schema.additionalProperties === false, "'additionalProperties' is required to be supplied and to be false")
  for (const value of Object.values(schema)) demandClosed(value)
}
