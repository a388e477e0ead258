import type { CompiledConfig } from '../../config/compile.ts'
import type { ConfigSource, LoadResult, PublishedConfig } from '../../config/load.ts'
import { GatewayError } from '../../errors/gateway-error.ts'
import type { Clock } from '../../lib/clock.ts'
import { InTurn } from '../../lib/in-turn.ts'
import { startRetention } from '../../state/records/retention.ts'
import type { Publication, RevisionStore } from '../../state/revisions/store.ts'
import type { LiveConfig } from '../live-config.ts'
import type { PreparedReload, ReloadOutcome } from '../reload-config.ts'
import { revisionBody } from './revision-body.ts'
import { refusalReasons, tellRefusal, tellTaken } from './tell-config.ts'

/** Reads, checks and compiles a configuration: the published one with what is this gateway's own, or its own alone. */
export type ConfigLoader = (published: PublishedConfig | undefined) => LoadResult | Promise<LoadResult>

/** A revision that all gateways of the state are to serve by, and how it came to be so. */
export interface PublishedRevision extends PublishedConfig, Pick<Publication, 'sequence' | 'at' | 'by' | 'note'> {}

/** What came of reading the configuration anew. */
export interface Refreshed {
  readonly loaded: LoadResult
  /** Undefined when it was not taken: it is not valid, or there is a `refusal`. */
  readonly outcome: ReloadOutcome | undefined
  /** Why a valid configuration was not taken; `config_invalid`. */
  readonly refusal: GatewayError | undefined
}

export interface ConfigInForceOptions {
  readonly store: RevisionStore
  readonly live: Pick<LiveConfig, 'config' | 'snapshot' | 'renumber'>
  /** Without it what is published is not followed. */
  readonly load: ConfigLoader | undefined
  /** Rejects with `config_invalid` when the configuration is not to be taken. */
  readonly prepare: (config: CompiledConfig) => Promise<PreparedReload>
  /** Told after each change of the configuration or of its number. */
  readonly changed: () => void
  readonly clock: Clock
  /** A line for whoever runs the gateway. */
  readonly tell: (line: string) => void
  readonly warn: (message: string, facts: Readonly<Record<string, unknown>>) => void
}

/** How long until a configuration that could not be noted in the history is noted again. */
const NOTE_AGAIN_MS = 5_000

/**
 * Which configuration a gateway serves by, and its number: what was published for all gateways of the state, else its own. One change after the
 * other, so that the last one to come is the one that holds.
 */
export class ConfigInForce {
  /** What is published, as of the last look. */
  published: PublishedRevision | undefined
  /** Where the configuration at work came from; undefined while it is the one the gateway was started with. */
  source: ConfigSource | undefined
  private readonly options: ConfigInForceOptions
  private readonly turns = new InTurn()
  private following: Promise<unknown> = Promise.resolve()
  /** The configuration at work, while the history does not know it. */
  private unnoted: CompiledConfig | undefined
  private stopTimers: () => void = () => undefined
  private isClosed = false

  constructor(options: ConfigInForceOptions) {
    this.options = options
  }

  /** Before anything is served. Rejects with `config_invalid` when what is published is not taken here, and with `state_unavailable`. */
  async start(): Promise<void> {
    const { store, load, live, clock, warn, changed } = this.options
    await this.look()
    if (this.published !== undefined && load !== undefined) requireTaken(await this.refresh(), this.published)
    else {
      const revision = await this.numberOf(live.config)
      live.renumber(revision)
      this.unnoted = revision === 0 ? live.config : undefined
      changed()
    }
    if (this.isClosed) return
    if (load !== undefined) store.watch(() => this.heard())
    const stopNoting = clock.every(NOTE_AGAIN_MS, () => void this.noteAgain())
    const stopPruning = startRetention({
      store: { prune: (beforeMs) => this.prune(beforeMs) },
      clock,
      // Of those that are kept for ever, too, there are not endlessly many.
      keepMs: () => live.config.state.auditRetentionMs ?? clock.wall(),
      warn,
      what: 'revisions of the configuration',
    })
    this.stopTimers = () => {
      stopNoting()
      stopPruning()
    }
  }

  /** Reads what is to be in force, and takes it over when it is good. */
  refresh(): Promise<Refreshed> {
    return this.turns.run(async () => {
      const { load } = this.options
      if (load === undefined) throw new TypeError('This gateway was built without a way to read its configuration.')
      const loaded = await load(this.published)
      if (!loaded.ok) return { loaded, outcome: undefined, refusal: undefined }
      try {
        return { loaded, outcome: await this.take(loaded.compiled, loaded.source), refusal: undefined }
      } catch (refusal) {
        if (!(refusal instanceof GatewayError)) throw refusal
        return { loaded, outcome: undefined, refusal }
      }
    })
  }

  /** Takes over a configuration that somebody hands in, unless another one is published for all gateways. */
  reload(config: CompiledConfig): Promise<ReloadOutcome> {
    const { load, live } = this.options
    return this.turns.run(async () =>
      load !== undefined && this.published !== undefined
        ? { kind: 'unchanged', revision: live.snapshot().revision, restart: [] }
        : this.take(config, undefined),
    )
  }

  /** Rejects with `config_invalid` when a gateway would not take this one. */
  async check(config: CompiledConfig): Promise<void> {
    await this.options.prepare(config)
  }

  /** Resolves when what was published until now was taken over here, or refused. */
  settled(): Promise<unknown> {
    return this.following
  }

  close(): void {
    this.isClosed = true
    this.stopTimers()
  }

  /** Rejects with `state_unavailable`: what is published is then what it was. */
  private async look(): Promise<void> {
    const { store } = this.options
    const publication = await store.published()
    if (publication?.sequence === this.published?.sequence && publication?.revision !== undefined) return
    const body = publication?.revision === undefined ? undefined : await store.get(publication.revision)
    this.published = publication === undefined || body === undefined ? undefined : { ...publication, ...body }
  }

  /** Something was published. Rejects when it could not be read, and is then called again. */
  private heard(): Promise<void> {
    const done = this.follow()
    this.following = Promise.allSettled([this.following, done])
    return done
  }

  private async follow(): Promise<void> {
    const before = this.published?.sequence
    await this.look()
    if (this.published?.sequence === before) return
    const { tell } = this.options
    const refreshed = await this.refresh()
    const { loaded, outcome } = refreshed
    if (outcome === undefined) tellRefusal(refusalReasons(refreshed), tell)
    else if (this.published !== undefined) tellTaken(loaded, { outcome, by: this.published.by }, tell)
    else
      tell(`What was published was withdrawn: this gateway serves by its own configuration again (revision ${outcome.revision}).`)
  }

  private async take(config: CompiledConfig, source: ConfigSource | undefined): Promise<ReloadOutcome> {
    const { live, prepare, changed } = this.options
    const { kind, restart, apply } = await prepare(config)
    const revision = await this.revisionOf(config, source, kind)
    this.source = source
    if (kind === 'unchanged' && revision === live.snapshot().revision) return { kind, revision, restart }
    apply(revision)
    this.unnoted = revision === 0 ? config : undefined
    changed()
    return { kind, revision, restart }
  }

  /** The one at work here is noted as still at work first, so that no other gateway deletes it for its age. */
  private async prune(beforeMs: number): Promise<number> {
    const { store, live, clock } = this.options
    if (this.source?.kind !== 'published') await store.note(revisionBody(live.config), clock.wall())
    return store.prune(beforeMs, live.snapshot().revision)
  }

  private revisionOf(
    config: CompiledConfig,
    source: ConfigSource | undefined,
    kind: ReloadOutcome['kind'],
  ): Promise<number> | number {
    if (source?.kind === 'published') return source.revision
    // What the gateway's own was before is what it still is.
    const isSame = kind === 'unchanged' && this.source?.kind !== 'published'
    return isSame ? this.options.live.snapshot().revision : this.numberOf(config)
  }

  /** The number of a configuration; 0 while the history cannot be written, which must keep no gateway from changing its configuration. */
  private async numberOf(config: CompiledConfig): Promise<number> {
    const { store, clock, warn } = this.options
    try {
      return await store.note(revisionBody(config), clock.wall())
    } catch (error) {
      // Of a gateway that did not come to serve, nobody asks.
      if (!this.isClosed) warn('the configuration could not be noted in the history; it is revision 0 until it can', { error })
      return 0
    }
  }

  private async noteAgain(): Promise<void> {
    const config = this.unnoted
    if (config === undefined) return
    const { store, live, clock, changed } = this.options
    const revision = await store.note(revisionBody(config), clock.wall()).catch(() => 0)
    if (revision === 0 || this.unnoted !== config) return
    this.unnoted = undefined
    live.renumber(revision)
    changed()
  }
}

function requireTaken(refreshed: Refreshed, { revision, by }: PublishedRevision): void {
  if (refreshed.outcome !== undefined) return
  const { loaded } = refreshed
  const lines = refusalReasons(refreshed).map((reason) => `  ${reason}`)
  throw new GatewayError(
    'config_invalid',
    `Revision ${revision}, which ${by} has published for all gateways, is not taken here:\n${lines.join('\n')}\nSet what this machine lacks, or publish another one with "switchback config publish" or "config rollback".`,
    { details: { problems: loaded.ok ? [] : loaded.problems } },
  )
}
