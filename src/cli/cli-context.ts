import type { CompiledConfig } from '../config/compile.ts'
import type { ProcessSurroundings } from '../config/env.ts'
import type { Clock } from '../lib/clock.ts'
import type { ConfigSource } from '../config/load.ts'
import type { ConfigLoader, Refreshed } from '../operations/revisions/config-in-force.ts'
import type { MakeProvider } from '../operations/provider/open-upstream.ts'
import type { TestedGateway } from '../operations/provider/test-provider.ts'
import type { PreviewParts } from '../operations/preview-route.ts'
import type { BannerFacts } from './serve-banner.ts'

/** What commands need of a gateway. */
export interface CommandGateway extends Pick<PreviewParts, 'engine' | 'prices' | 'certifications'>, TestedGateway {
  /** Starts to listen. Rejects with the system's error (`code: 'EADDRINUSE'` …) when it cannot. */
  listen(): Promise<{ readonly url: string; readonly port: number }>
  /** Reads the configuration anew, and takes it over when it is good. */
  refresh(): Promise<Refreshed>
  /** The configuration at work, and where it came from when that is not what the gateway was started with. */
  serving(): { readonly config: CompiledConfig; readonly source: ConfigSource | undefined }
  /** Finishes what is running, up to the configured drain time, then releases everything. */
  close(): Promise<void>
}

/** What the gateway writes to stderr; `info` adds a line for each request. */
export const LOG_LEVELS = ['silent', 'error', 'warn', 'info', 'debug'] as const

export interface CommandGatewayOptions {
  readonly config: CompiledConfig
  /** Undefined keeps nothing on disk. */
  readonly dataDir?: string | undefined
  /** Data directory, whoever holds it, with the logins of accounts. Default: `dataDir`. */
  readonly loginsOf?: string | undefined
  readonly logLevel: (typeof LOG_LEVELS)[number]
  /** Number of one of several processes on an address; the data directory is held by the one that started them. */
  readonly worker?: number | undefined
  /** Reads the configuration anew; without it the gateway keeps the one it was started with. */
  readonly load?: ConfigLoader | undefined
  /** Told in a line when what is published for all gateways was taken over or refused. */
  readonly tell?: ((line: string) => void) | undefined
}

/** The composition root, loaded only by commands that need a gateway. */
export interface GatewayApp extends Pick<PreviewParts, 'codecs'> {
  /** Makes providers as a gateway does, for commands that call one past all routing. */
  providerMaker(parts: { readonly clock: Clock; readonly loginsOf: string; readonly mayLeave: boolean }): MakeProvider
  /** Throws a `GatewayError` that says what to do when the gateway cannot be built. */
  createGateway(options: CommandGatewayOptions): CommandGateway | Promise<CommandGateway>
}

/** A person at a terminal. */
export interface Terminal {
  /** Asks on stderr and resolves with the line that was typed; empty when nothing was. */
  ask(question: string): Promise<string>
  /** The same, without showing what is typed. */
  askSecret(question: string): Promise<string>
}

/** Everything a command touches of the world; tests pass their own. */
export interface CliContext {
  /** Arguments without the program's own name. */
  readonly argv: readonly string[]
  readonly version: string
  readonly surroundings: ProcessSurroundings
  readonly clock: Clock
  readonly fetch: typeof globalThis.fetch
  /** Data for machines, and answers that were asked for. */
  stdout(text: string): void
  /** Messages for people. */
  stderr(text: string): void
  /** Reads a text file, or stdin for `-`. */
  readText(path: string): Promise<string>
  /** Where a person can be asked; undefined when nobody sits there. */
  readonly terminal?: Terminal | undefined
  /** Calls `listener` whenever the process is asked to read its configuration anew (SIGHUP), until the returned function is called. */
  onHangUp(listener: () => void): () => void
  /** Resolves with the signal's name at the next request to stop. */
  stopRequested(): Promise<string>
  loadApp(): Promise<GatewayApp>
  /** Set in a process that another one has started to serve beside others. */
  readonly worker?: WorkerRole | undefined
}

export interface WorkerRole {
  readonly number: number
  /** Tells the process that started this one where it listens, and what to say of it. */
  listens(address: { readonly url: string; readonly host: string; readonly port: number; readonly facts: BannerFacts }): void
}
