import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { startScriptedUpstream } from '../../support/scripted-upstream.ts'
import { KEY } from './agent.ts'

const ROOT = resolve(import.meta.dir, '..', '..', '..')

/** A scripted upstream that drives agents through a text and a tool task; kept beside the repository. */
export const SHARED_UPSTREAM = resolve(ROOT, '..', 'shared', 'tools', 'agents', 'agent-upstream.mjs')

export const UPSTREAM_FORMATS = ['chat', 'responses', 'messages', 'gemini'] as const
export type UpstreamFormat = (typeof UPSTREAM_FORMATS)[number]

/** An upstream that drives agents through their tasks. */
export interface AgentUpstream {
  readonly url: string
  /** Model that does so. */
  readonly model: string
  /** Requests that it got so far, as `METHOD /path`. */
  calls(): string[]
  /** The body of its newest request. */
  lastBody?(): string
  close(): Promise<void>
}

/** The scripted upstream of the SDK tests: it checks everything it gets as strictly as the vendors. */
export async function startStrictUpstream(): Promise<AgentUpstream> {
  const upstream = await startScriptedUpstream()
  return {
    url: upstream.url,
    model: 'agent',
    calls: () => upstream.requests.map(({ method, path }) => `${method} ${path}`),
    lastBody: () => upstream.requests.at(-1)?.text ?? '',
    close: () => upstream.close(),
  }
}

/** The upstream that lies beside the repository, as a process of its own. `thinks`: it reasons before it answers. */
export async function startSharedUpstream(options: { thinks?: boolean } = {}): Promise<AgentUpstream> {
  const folder = mkdtempSync(join(tmpdir(), 'switchback-agents-'))
  const log = join(folder, 'upstream.jsonl')
  writeFileSync(log, '')
  const child = Bun.spawn({
    cmd: [process.execPath, SHARED_UPSTREAM],
    env: { PATH: process.env['PATH'] ?? '', PORT: '0', LOG: log, ...(options.thinks === true ? { REASONING: '1' } : {}) },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  return {
    url: `http://127.0.0.1:${await textAfter(child.stdout, /LISTENING (\d+)/)}`,
    model: 'trial-model',
    calls: () =>
      readFileSync(log, 'utf8')
        .split('\n')
        .filter((line) => line !== '')
        .map((line) => JSON.parse(line) as { method: string; url: string })
        .map(({ method, url }) => `${method} ${url}`),
    async close() {
      child.kill()
      await child.exited
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

/** The gateway as a process of its own in front of an upstream. */
export interface AgentStage {
  readonly url: string
  /** Model of the upstream. */
  readonly model: string
  /** Calls that the upstream got since the last time of asking. */
  newCalls(): string[]
  /** How the gateway recorded its requests, newest first. */
  records(): Promise<
    {
      operation: string
      client_format: string
      requested_model: string
      status: number
      attempts: number
      error_code?: string
      session_id?: string
    }[]
  >
  close(): Promise<void>
}

export async function openAgentStage(upstream: AgentUpstream): Promise<AgentStage> {
  const folder = mkdtempSync(join(tmpdir(), 'switchback-agents-'))
  const config = join(folder, 'switchback.yaml')
  writeFileSync(config, JSON.stringify(configFor(upstream)))
  const gateway = Bun.spawn({
    cmd: [
      join(ROOT, 'bin', 'switchback'),
      'serve',
      '--config',
      config,
      '--data-dir',
      join(folder, 'data'),
      '--bind',
      '127.0.0.1:0',
    ],
    env: { PATH: process.env['PATH'] ?? '', HOME: folder },
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  const url = await textAfter(gateway.stderr, /listens on (http:\/\/\S+)/)
  let seen = 0
  return {
    url,
    model: upstream.model,
    newCalls() {
      const calls = upstream.calls().slice(seen)
      seen += calls.length
      return calls
    },
    async records() {
      const response = await fetch(`${url}/v1/traces?limit=500`, { headers: { authorization: `Bearer ${KEY}` } })
      return ((await response.json()) as { traces: never }).traces
    },
    async close() {
      gateway.kill()
      await gateway.exited
      await upstream.close()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

/** The first group of what matches in a process's output; the rest of it is read and thrown away. */
async function textAfter(output: ReadableStream<Uint8Array>, pattern: RegExp): Promise<string> {
  const reader = output.getReader()
  const decoder = new TextDecoder()
  let text = ''
  for (;;) {
    const { done, value } = await reader.read()
    if (done) throw new Error(`the process ended without saying ${pattern.source}: ${text}`)
    text += decoder.decode(value, { stream: true })
    const found = pattern.exec(text)?.[1]
    if (found === undefined) continue
    void (async () => {
      while (!(await reader.read()).done) continue
    })()
    return found
  }
}

/** A route for each format of the upstream, under a name that no vendor has. */
function configFor({ url, model }: AgentUpstream): object {
  const provider = (id: UpstreamFormat, facts: object): object => ({
    id,
    base_url: `${url}/v1`,
    api_key: `sk-upstream-${id}`,
    ...facts,
  })
  return {
    server: { retry: { max_retries: 0 } },
    api_keys: [{ key: KEY, prefix: 'agent', role: 'admin' }],
    providers: [
      provider('chat', { type: 'openai_compatible', quirks: { reasoning_field: 'reasoning_content' } }),
      provider('responses', { type: 'openai', format: 'responses', quirks: { first_party: true } }),
      provider('messages', { type: 'anthropic', quirks: { first_party: true } }),
      provider('gemini', { type: 'gemini', base_url: `${url}/v1beta` }),
    ],
    routes: UPSTREAM_FORMATS.map((format) => ({
      name: format,
      match: { model: `team-${format}` },
      targets: [`${format}/${model}`],
    })),
  }
}
