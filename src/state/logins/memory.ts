import type { KeptLogin, LoginStore } from '../../ir/login.ts'
import { InTurn } from '../../lib/in-turn.ts'

/** Logins of a gateway without a data directory: what a provider gives anew is forgotten with the process. */
export function createMemoryLogins(): LoginStore {
  const kept = new Map<string, KeptLogin>()
  const turnsOf = new Map<string, InTurn>()
  return {
    update(name, task) {
      const turns = turnsOf.get(name) ?? new InTurn()
      turnsOf.set(name, turns)
      return turns.run(async () => {
        const next = await task(kept.get(name))
        kept.set(name, next)
        return next
      })
    },
  }
}
