import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createGateway, type Gateway } from '../../src/app.ts'
import { configFromObject, type LoadResult, type PublishedConfig } from '../../src/config/load.ts'
import type { RequestRecord } from '../../src/ir/record.ts'
import type { Clock } from '../../src/lib/clock.ts'
import type { Logger } from '../../src/observability/logger.ts'
import { GEMINI, googlePath } from './client-formats.ts'
import { startFakeUpstream, type FakeUpstream, type Reply, type ReplyFor } from './fake-upstream.ts'

type Json = Record<string, unknown>

export interface TestGateway {
  readonly url: string
  readonly port: number
  readonly gateway: Gateway
  /** Sends a JSON body; a text is sent as it is. */
  post(path: string, body: unknown, init?: RequestInit): Promise<Response>
  /** The record of an answer, by the id in its headers. */
  recordOf(response: Response): Promise<RequestRecord>
  /** Every record so far, oldest first. */
  records(): Promise<RequestRecord[]>
  close(): Promise<void>
}

export interface TestGatewayOptions {
  readonly clock?: Clock
  readonly dataDir?: string
  readonly logger?: Logger
  /** Number of one of several processes with the same data directory. */
  readonly worker?: number
  /** Variables that a published configuration may name. */
  readonly env?: Readonly<Record<string, string>>
  /** Told of each publication that was taken over or refused. */
  readonly tell?: (line: string) => void
}

/** A gateway in this process on a port of its own; records in memory unless a data directory is given. */
export async function startGateway(config: Json, { env, ...options }: TestGatewayOptions = {}): Promise<TestGateway> {
  const gateway = createGateway({
    config: compiledConfig(config),
    load: (published) => loadTestConfig(config, { published, env }),
    ...options,
  })
  const { url, port } = await gateway.listen()
  return {
    url,
    port,
    gateway,
    post: (path, body, init = {}) =>
      fetch(`${url}${path === GEMINI.path ? googlePath(body) : path}`, {
        ...init,
        method: 'POST',
        headers: { 'content-type': 'application/json', ...(init.headers as Record<string, string> | undefined) },
        body: typeof body === 'string' ? body : JSON.stringify(body),
      }),
    recordOf: (response) => recordOf(gateway, response.headers.get('x-switchback-request-id') ?? 'none'),
    async records() {
      const list = await gateway.records.list({ limit: 1000 })
      return Promise.all(list.toReversed().map(({ request_id }) => recordOf(gateway, request_id)))
    },
    close: () => gateway.close(),
  }
}

async function recordOf(gateway: Gateway, id: string): Promise<RequestRecord> {
  await gateway.records.flush()
  const record = await gateway.records.get(id)
  if (record === undefined) throw new Error(`there is no record of ${id}`)
  return record
}

const loadTestConfig = (
  config: Json,
  { published, env = {} }: { readonly published?: PublishedConfig | undefined; readonly env?: TestGatewayOptions['env'] } = {},
): LoadResult =>
  configFromObject(
    { ...config, server: { bind: '127.0.0.1:0', shutdown: { drain_ms: 2_000 }, ...(config['server'] as Json | undefined) } },
    { env, cwd: '/', home: '/', published },
  )

/** A configuration as the file would hold it, compiled; no variable of the environment takes part. */
export function compiledConfig(config: Json): Parameters<typeof createGateway>[0]['config'] {
  const loaded = loadTestConfig(config)
  if (loaded.ok) return loaded.compiled
  throw new Error(loaded.problems.map(({ path, message }) => `${path}: ${message}`).join('\n'))
}

/** What a test opened; closed in reverse by `closeAll`. */
export class TestWorld {
  private readonly opened: { close(): Promise<void> }[] = []

  async upstream(reply?: Reply | ReplyFor): Promise<FakeUpstream> {
    return this.keep(await startFakeUpstream(reply))
  }

  async gateway(config: Json, options?: TestGatewayOptions): Promise<TestGateway> {
    return this.keep(await startGateway(config, options))
  }

  /** A folder, removed with everything else. */
  folder(): string {
    const folder = mkdtempSync(join(tmpdir(), 'switchback-test-'))
    this.keep({ close: async () => rmSync(folder, { recursive: true, force: true }) })
    return folder
  }

  keep<Thing extends { close(): Promise<void> }>(thing: Thing): Thing {
    this.opened.push(thing)
    return thing
  }

  async closeAll(): Promise<void> {
    for (const thing of this.opened.splice(0).reverse()) await thing.close()
  }
}

/** A provider entry for a fake upstream. Without accounts it has one without a key. */
export function providerAt(id: string, upstream: Pick<FakeUpstream, 'url'>, format: string, extra: Json = {}): Json {
  return { id, type: 'openai_compatible', format, base_url: `${upstream.url}/v1`, auth_scheme: { kind: 'none' }, ...extra }
}

/** Accounts with keys `key-<name>`, used in this order. */
export const accountsNamed = (...names: string[]): Json => ({
  auth_scheme: { kind: 'bearer' },
  accounts: names.map((id, index) => ({ id, api_key: `key-${id}`, priority: index })),
})

/** Waits for a condition, looking every few milliseconds. The deadline is there to end a test that fails, on however busy a machine. */
export async function eventually(isTrue: () => boolean | Promise<boolean>, what: string, withinMs = 15_000): Promise<void> {
  const deadline = Date.now() + withinMs
  while (!(await isTrue())) {
    if (Date.now() > deadline) throw new Error(`not within ${withinMs} ms: ${what}`)
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
}
