import type { Clock } from '../../lib/clock.ts'
import type { Coordination, ReplicaCard } from '../../state/coordination/store.ts'

/** A gateway, and the revision it serves by. */
export interface ReplicaState {
  readonly id: string
  readonly host: string
  readonly pid: number
  readonly url?: string | undefined
  /** Undefined while it has not told. */
  readonly revision?: number | undefined
  /** Whether that is the published one; undefined when none is. */
  readonly isCurrent?: boolean | undefined
}

/** A publication reaches every gateway within a second; one that needs longer than this has refused it, or cannot be reached. */
const PATIENCE_MS = 3_000
const LOOK_EVERY_MS = 100

/** Looks again until something is settled, or until it is no use waiting any longer; resolves with what was seen last. */
export async function lookedUntil<Seen>(
  look: () => Promise<Seen>,
  isSettled: (seen: Seen) => boolean,
  clock: Pick<Clock, 'now' | 'sleep'>,
): Promise<Seen> {
  const until = clock.now() + PATIENCE_MS
  for (;;) {
    const seen = await look()
    if (isSettled(seen) || clock.now() >= until) return seen
    await clock.sleep(LOOK_EVERY_MS)
  }
}

/** The gateways that are alive, as soon as all of them serve by the revision, or when it is no use waiting any longer. */
export async function settledReplicas(
  coordination: Pick<Coordination, 'replicas' | 'look'>,
  { revision, clock }: { readonly revision: number | undefined; readonly clock: Pick<Clock, 'now' | 'sleep'> },
): Promise<ReplicaState[]> {
  const look = async (): Promise<readonly ReplicaCard[]> => {
    // Whoever cannot be asked now is told of as it was when it could.
    await coordination.look().catch(() => undefined)
    return coordination.replicas()
  }
  const isSettled = (cards: readonly ReplicaCard[]): boolean =>
    cards.every((card) => revision === undefined || card.revision === revision)
  return (await lookedUntil(look, isSettled, clock)).map((card) => replicaState(card, revision))
}

export const replicaState = ({ id, host, pid, url, revision }: ReplicaCard, published: number | undefined): ReplicaState => ({
  id,
  host,
  pid,
  url,
  revision,
  isCurrent: published === undefined ? undefined : revision === published,
})
