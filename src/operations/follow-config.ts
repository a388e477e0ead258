import type { CompiledConfig } from '../config/compile.ts'
import type { LoadResult } from '../config/load.ts'
import { formatProblem } from '../config/problem.ts'
import { GatewayError } from '../errors/gateway-error.ts'
import type { Clock } from '../lib/clock.ts'
import { fileMark } from '../lib/file-mark.ts'
import type { ReloadOutcome } from './reload-config.ts'
import { listWords } from './story-words.ts'

export interface FollowConfigOptions {
  readonly gateway: { reload(config: CompiledConfig): Promise<ReloadOutcome> }
  /** Reads, checks and compiles the configuration anew, from where it was read at the start. */
  readonly load: () => LoadResult | Promise<LoadResult>
  /** The configuration file; undefined when there is none, so that nothing can be watched. */
  readonly path: string | undefined
  readonly clock: Pick<Clock, 'every'>
  /** A line for whoever runs the gateway: that a configuration was taken, or every reason why it was not. */
  readonly tell: (line: string) => void
}

export interface ConfigFollower {
  /** Reads the configuration now, whether or not a file has changed. Never rejects. */
  reload(): Promise<void>
  stop(): void
}

/** A change is in force within a second: it is seen once, and taken when the file has been the same for one more look. */
const LOOK_EVERY_MS = 450

/**
 * Keeps a running gateway at its configuration file and the policy tests it names. A configuration that is no good, or that fails its
 * policy tests, is told and not taken; the one in force stays.
 */
export function followConfig({ gateway, load, path, clock, tell }: FollowConfigOptions): ConfigFollower {
  let watched: readonly string[] = path === undefined ? [] : [path]
  let seen: string | undefined
  let settling: string | undefined
  let running: Promise<void> = Promise.resolve()
  let lastRefusal: string | undefined

  async function take(isAsked: boolean): Promise<void> {
    const loaded = await load()
    if (path !== undefined) watched = [...new Set([...(loaded.ok ? [] : watched), ...watchedFiles(path, loaded)])]
    if (!loaded.ok) return refused(loaded.problems.map(formatProblem), isAsked)
    const { compiled, warnings } = loaded
    try {
      const outcome = await gateway.reload(compiled)
      lastRefusal = undefined
      if (outcome.kind === 'unchanged') {
        if (isAsked) tell(`The configuration is the one in force (revision ${outcome.revision}).`)
        return
      }
      for (const warning of warnings) tell(`warning: ${formatProblem(warning)}`)
      if (outcome.restart.length > 0)
        tell(`warning: ${listWords(outcome.restart)} cannot change while the gateway runs, and will when it is started again.`)
      tell(`The configuration was taken over (revision ${outcome.revision}).`)
    } catch (error) {
      if (!(error instanceof GatewayError)) throw error
      refused(error.message.split('\n'), isAsked)
    }
  }

  /** Reading it again because one more file is watched says nothing new. */
  function refused(reasons: readonly string[], isAsked: boolean): void {
    const said = reasons.join('\n')
    if (said === lastRefusal && !isAsked) return
    lastRefusal = said
    for (const reason of reasons) tell(reason)
    tell('The new configuration was not taken. The one before it stays in force.')
  }

  function reload(isAsked: boolean): Promise<void> {
    running = running
      .then(() => take(isAsked))
      .catch((error: unknown) =>
        tell(`The configuration could not be read again: ${error instanceof Error ? error.message : 'unknown'}`),
      )
    return running
  }

  function look(): void {
    const mark = watched.map((file) => fileMarkOf(file)).join('\n')
    if (mark !== settling) settling = mark
    else if (mark !== seen) {
      seen = mark
      void reload(false)
    }
  }

  const stop = path === undefined ? () => undefined : clock.every(LOOK_EVERY_MS, look)
  return { reload: () => reload(true), stop }
}

/** The configuration and what it is made from besides. */
function watchedFiles(path: string, loaded: LoadResult): readonly string[] {
  const { vault, policyTests } = loaded.ok ? loaded.compiled : { vault: loaded.vault, policyTests: [] }
  const holdsKeys = vault !== undefined && vault.names.length > 0
  return [path, ...(holdsKeys ? [vault.path] : []), ...policyTests.map((file) => file.path)]
}

/** A file that cannot even be looked at is told when it is read. */
function fileMarkOf(path: string): string {
  try {
    return fileMark(path) ?? 'none'
  } catch {
    return 'unreadable'
  }
}
