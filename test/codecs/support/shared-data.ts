import { existsSync, readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import type { WireFormat } from '../../../src/ir/wire-format.ts'
import { eventStreamMessage } from '../../../src/lib/event-stream.ts'
import { EventBytes } from '../../../src/providers/bedrock/as-server-sent-events.ts'
import { converseEvent } from '../../../src/providers/bedrock/converse-events.ts'

const ROOT = path.resolve(import.meta.dir, '../../..')
const SHARED = path.join(ROOT, '../shared')
const INDEX = path.join(SHARED, 'fixtures/index.json')
const CAPTURES = path.join(SHARED, 'captures')

/** Why a suite that needs recorded data does not run. */
export const WITHOUT_FIXTURES = 'skipped when ../shared/fixtures is absent'
export const WITHOUT_CAPTURES = 'skipped when ../shared/captures is absent'

export interface Expected {
  readonly text: string
  readonly refusal: string
  readonly reasoning: string
  readonly toolCalls: readonly { readonly id: string | null; readonly name: string; readonly argumentsJson: string }[]
  readonly serverTools: readonly string[]
  readonly usage: {
    readonly input: number
    readonly output: number
    readonly outputAccept?: readonly number[]
    readonly cachedInput: number
    readonly reasoning: number
  } | null
  readonly finish: string | null
  readonly finishAccept: readonly string[] | null
  readonly nativeFinish: string | null
  readonly error: { readonly message: string } | null
}

export interface Fixture {
  readonly id: string
  readonly mode: 'json' | 'stream'
  readonly level: string
  readonly format: WireFormat
  readonly bytes: Buffer
  /** What came over the wire, where `bytes` are what the gateway makes of it before anybody reads it. */
  readonly binary?: Buffer
  readonly expected: Expected
}

interface IndexEntry {
  readonly id: string
  readonly api: string
  readonly mode: 'json' | 'stream'
  readonly level: string
  readonly file: string
  readonly expected: string
}

const FORMATS: Readonly<Record<string, WireFormat>> = {
  'openai-chat': 'openai',
  'openai-responses': 'responses',
  anthropic: 'anthropic',
  gemini: 'gemini',
  'bedrock-converse': 'bedrock_converse',
}

const read = (file: string): Buffer => readFileSync(path.join(SHARED, 'fixtures', file))

/** Recorded answers in all formats; empty when the shared data is not there. */
export function loadFixtures(): Fixture[] {
  if (!existsSync(INDEX)) return []
  const entries = JSON.parse(readFileSync(INDEX, 'utf8')) as IndexEntry[]
  return entries.flatMap(({ id, api, mode, level, file, expected }) => {
    const format = FORMATS[api]
    if (format === undefined) return []
    const told = JSON.parse(read(expected).toString()) as Expected
    const bytes = read(file)
    if (format !== 'bedrock_converse' || mode === 'json') return [{ id, mode, level, format, bytes, expected: told }]
    const binary = file.endsWith('.bin') ? bytes : binaryOf(bytes.toString())
    const events = Buffer.from(new EventBytes(converseEvent).push(binary) ?? [])
    return [{ id, mode, level, format, bytes: events, binary, expected: told }]
  })
}

/** Events that were recorded one a line, each below its name, as the frames they were. */
const binaryOf = (lines: string): Buffer =>
  Buffer.concat(
    lines
      .split('\n')
      .filter((line) => line !== '')
      .flatMap((line) => Object.entries(JSON.parse(line) as Record<string, unknown>))
      .map(([name, payload]) =>
        eventStreamMessage(
          { ':event-type': name, ':content-type': 'application/json', ':message-type': 'event' },
          JSON.stringify(payload),
        ),
      ),
  )

export interface Capture {
  readonly name: string
  readonly format: WireFormat
  readonly body: Record<string, unknown>
}

const ROUTES: readonly (readonly [string, WireFormat])[] = [
  ['/v1/chat/completions', 'openai'],
  ['/v1/responses', 'responses'],
  ['/v1/messages', 'anthropic'],
  ['/v1beta/models/', 'gemini'],
]

/** Requests of real clients in all formats; empty when the shared data is not there. */
export function loadCaptures(): Capture[] {
  if (!existsSync(CAPTURES)) return []
  return readdirSync(CAPTURES)
    .filter((file) => file.endsWith('.json'))
    .sort()
    .flatMap((file) => {
      const { method, url, body } = JSON.parse(readFileSync(path.join(CAPTURES, file), 'utf8')) as Record<string, unknown>
      const format = ROUTES.find(([route]) => String(url).startsWith(route))?.[1]
      if (method !== 'POST' || format === undefined) return []
      const parsed = (typeof body === 'string' ? JSON.parse(body) : body) as Record<string, unknown>
      return [{ name: file, format, body: parsed }]
    })
}
