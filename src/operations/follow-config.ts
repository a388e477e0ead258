import type { LoadResult } from '../config/load.ts'
import type { Clock } from '../lib/clock.ts'
import { fileMark } from '../lib/file-mark.ts'
import { InTurn } from '../lib/in-turn.ts'
import type { Refreshed } from './revisions/config-in-force.ts'
import { refusalReasons, tellRefusal, tellTaken } from './revisions/tell-config.ts'

export interface FollowConfigOptions {
  /** Reads the configuration anew, and takes it over when it is good. */
  readonly gateway: { refresh(): Promise<Refreshed> }
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
export function followConfig({ gateway, path, clock, tell }: FollowConfigOptions): ConfigFollower {
  let watched: readonly string[] = path === undefined ? [] : [path]
  let seen: string | undefined
  let seenOwn: string | undefined
  let settling: string | undefined
  const turns = new InTurn()
  let lastRefusal: string | undefined

  async function take(isAsked: boolean, ownHasChanged: boolean): Promise<void> {
    const refreshed = await gateway.refresh()
    const { loaded, outcome } = refreshed
    if (path !== undefined) watched = [...new Set([...(loaded.ok ? [] : watched), ...watchedFiles(path, loaded)])]
    if (outcome === undefined) return refused(refusalReasons(refreshed), isAsked)
    lastRefusal = undefined
    if (outcome.kind === 'applied') return tellTaken(loaded, { outcome }, tell)
    if (isAsked) tell(`The configuration is the one in force (revision ${outcome.revision}).`)
    else if (ownHasChanged && loaded.source?.kind === 'published') tell(notFollowed(path, outcome.revision))
  }

  /** Reading it again because one more file is watched says nothing new. */
  function refused(reasons: readonly string[], isAsked: boolean): void {
    const said = reasons.join('\n')
    if (said === lastRefusal && !isAsked) return
    lastRefusal = said
    tellRefusal(reasons, tell)
  }

  const reload = (isAsked: boolean, ownHasChanged = false): Promise<void> =>
    turns
      .run(() => take(isAsked, ownHasChanged))
      .catch((error: unknown) =>
        tell(`The configuration could not be read again: ${error instanceof Error ? error.message : 'unknown'}`),
      )

  function look(): void {
    const mark = watched.map((file) => fileMarkOf(file)).join('\n')
    if (mark !== settling) settling = mark
    else if (mark !== seen) {
      const own = path === undefined ? undefined : fileMarkOf(path)
      const ownHasChanged = seen !== undefined && own !== seenOwn
      seen = mark
      seenOwn = own
      void reload(false, ownHasChanged)
    }
  }

  const stop = path === undefined ? () => undefined : clock.every(LOOK_EVERY_MS, look)
  return { reload: () => reload(true), stop }
}

const notFollowed = (path: string | undefined, revision: number): string =>
  `${path} has changed, and this gateway does not follow it: it serves by revision ${revision}, which was published for all gateways. "switchback config publish" puts the file in its place, "switchback config withdraw" has every gateway follow its own again.`

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
