import Anthropic from '@anthropic-ai/sdk'
import { GoogleGenAI } from '@google/genai'
import { expect } from 'bun:test'
import OpenAI from 'openai'
import { createGateway, type Gateway } from '../../../src/app.ts'
import { configFromObject } from '../../../src/config/load.ts'
import type { RequestRecord } from '../../../src/ir/record.ts'
import type { EventFormat } from '../../support/client-formats.ts'
import type { FakeUpstream } from '../../support/fake-upstream.ts'
import { startScriptedUpstream } from '../../support/scripted-upstream.ts'

/** Providers of the stage: each is the same upstream, spoken to in another format. */
export const UPSTREAMS = ['chat', 'responses', 'messages', 'gemini'] as const
export type Upstream = (typeof UPSTREAMS)[number]
export const FORMATS: Readonly<Record<Upstream, EventFormat>> = {
  chat: 'openai',
  responses: 'responses',
  messages: 'anthropic',
  gemini: 'gemini',
}

/** Names of the models that the list of the gateway shows. */
const LISTED = ['text', 'tools']

/** A gateway behind real HTTP, in front of the scripted upstream; SDK clients that retry nothing and whose calls are counted. */
export interface Stage {
  readonly upstream: FakeUpstream
  readonly gateway: Gateway
  readonly url: string
  readonly openai: OpenAI
  readonly anthropic: Anthropic
  readonly google: GoogleGenAI
  /** Hand this to clients of one's own: it counts their calls. */
  readonly fetch: typeof fetch
  /** Lets the upstream break off the streams of its model `cut`. */
  cut(): void
  /** Calls of clients that reached the network since the last check, and asserts that each made exactly one upstream call. */
  expectOneUpstreamCallEach(): void
  /** The newest record, written. */
  lastRecord(): Promise<RequestRecord>
  close(): Promise<void>
}

export async function openStage(): Promise<Stage> {
  const { promise: beforeCut, resolve: cut } = Promise.withResolvers<void>()
  const upstream = await startScriptedUpstream({ beforeCut })
  const gateway = createGateway({ config: configFor(upstream.url) })
  const { url } = await gateway.listen()
  const counts = { calls: 0, upstreamBefore: 0 }
  const counted = Object.assign(
    async (input: string | URL | Request, init?: RequestInit): Promise<Response> => {
      counts.calls++
      return fetch(input, init)
    },
    { preconnect: fetch.preconnect },
  )
  const options = { apiKey: 'sk-of-the-client', maxRetries: 0, fetch: counted, timeout: 10_000 }
  return {
    upstream,
    gateway,
    url,
    openai: new OpenAI({ ...options, baseURL: `${url}/v1` }),
    anthropic: new Anthropic({ ...options, baseURL: url }),
    google: new GoogleGenAI({ apiKey: 'sk-of-the-client', httpOptions: { baseUrl: url, fetch: counted, timeout: 10_000 } }),
    fetch: counted,
    cut,
    expectOneUpstreamCallEach() {
      expect(counts.calls).toBeGreaterThan(0)
      expect({ upstreamCalls: upstream.requests.length - counts.upstreamBefore }).toEqual({ upstreamCalls: counts.calls })
      counts.calls = 0
      counts.upstreamBefore = upstream.requests.length
    },
    async lastRecord() {
      await gateway.records.flush()
      const record = await gateway.records.get('last')
      if (record === undefined) throw new Error('nothing was recorded')
      return record
    },
    async close() {
      await gateway.close()
      await upstream.close()
    },
  }
}

function configFor(upstreamUrl: string) {
  const base = { base_url: `${upstreamUrl}/v1`, models: LISTED }
  const document = {
    server: { bind: '127.0.0.1:0', retry: { max_retries: 0 } },
    providers: [
      {
        ...base,
        id: 'chat',
        type: 'openai_compatible',
        api_key: 'sk-upstream-chat',
        quirks: { reasoning_field: 'reasoning_content' },
      },
      {
        ...base,
        id: 'responses',
        type: 'openai',
        format: 'responses',
        api_key: 'sk-upstream-responses',
        quirks: { first_party: true },
      },
      { ...base, id: 'messages', type: 'anthropic', api_key: 'sk-upstream-messages', quirks: { first_party: true } },
      { ...base, id: 'gemini', type: 'gemini', base_url: upstreamUrl, api_key: 'sk-upstream-gemini' },
    ],
  }
  const loaded = configFromObject(document, { env: {}, cwd: '/', home: '/' })
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.problems))
  return loaded.compiled
}
