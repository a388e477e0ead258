import type { CompiledConfig } from '../../config/compile.ts'
import { isObject } from '../../ir/json.ts'
import type { RequestRecord } from '../../ir/record.ts'
import type { RecordStore } from '../../state/records/store.ts'
import { type Story, tellStory } from '../tell-story.ts'

/** What of a gateway a test call goes through. */
export interface TestedGateway {
  fetch(request: Request): Response | Promise<Response>
  readonly records: Pick<RecordStore, 'get' | 'flush'>
}

export interface ProviderTest {
  readonly ok: boolean
  readonly provider: string
  readonly model: string
  readonly status: number
  /** What the model said; empty when it failed. */
  readonly text: string
  /** Why it failed, in the gateway's words. */
  readonly error?: string | undefined
  readonly record: RequestRecord | undefined
  readonly story: Story | undefined
}

export interface ProviderTestOptions {
  readonly provider: string
  readonly model: string
  readonly stream: boolean
}

const PROMPT = 'Reply with the single word: ok'
/** Models that reason spend tokens before they say anything. */
const MOST_TOKENS = 256

/**
 * The configuration with which a command calls providers itself: nothing is kept, nobody has to show a key, and whoever counts the budgets of
 * gateways is asked instead of a gateway that has counted nothing.
 */
export const throwawayConfig = (config: CompiledConfig): CompiledConfig => ({
  ...config,
  server: { ...config.server, host: '127.0.0.1', apiKeys: [], basePath: '' },
  state: { ...config.state, store: 'memory', shared: undefined },
  limits: { ...config.limits, global: undefined, providers: new Map(), accounts: new Map() },
  policyTests: [],
})

/** Makes one small call through everything that a client's call goes through, and tells what happened. */
export async function testProvider(gateway: TestedGateway, options: ProviderTestOptions): Promise<ProviderTest> {
  const { provider, model, stream } = options
  const response = await gateway.fetch(
    new Request('http://127.0.0.1/v1/chat/completions', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({
        model: `${provider}/${model}`,
        stream,
        max_tokens: MOST_TOKENS,
        messages: [{ role: 'user', content: PROMPT }],
      }),
    }),
  )
  const body = await response.text()
  const id = response.headers.get('x-switchback-request-id')
  await gateway.records.flush()
  const record = id === null ? undefined : await gateway.records.get(id)
  const error = response.ok ? streamError(body) : errorIn(body)
  return {
    ok: response.ok && error === undefined,
    provider,
    model,
    status: response.status,
    text: response.ok ? (stream ? streamedText(body) : wholeText(body)) : '',
    ...(error === undefined ? {} : { error }),
    record,
    story: record === undefined ? undefined : tellStory(record),
  }
}

const framesOf = (body: string): unknown[] =>
  body
    .split('\n')
    .filter((line) => line.startsWith('data: {'))
    .map((line) => JSON.parse(line.slice('data: '.length)) as unknown)

const streamedText = (body: string): string =>
  framesOf(body)
    .map((frame) => textOf(frame, 'delta'))
    .join('')

const wholeText = (body: string): string => textOf(JSON.parse(body), 'message')

function textOf(answer: unknown, member: string): string {
  const choice: unknown = isObject(answer) && Array.isArray(answer['choices']) ? answer['choices'][0] : undefined
  const message = isObject(choice) ? choice[member] : undefined
  return isObject(message) && typeof message['content'] === 'string' ? message['content'] : ''
}

const streamError = (body: string): string | undefined =>
  body.startsWith('data:') || body.startsWith(':') ? framesOf(body).flatMap((frame) => messageOf(frame) ?? [])[0] : undefined

const errorIn = (body: string): string => messageOf(JSON.parse(body)) ?? 'The gateway gave no reason.'

function messageOf(value: unknown): string | undefined {
  const error = isObject(value) ? value['error'] : undefined
  return isObject(error) && typeof error['message'] === 'string' ? error['message'] : undefined
}
