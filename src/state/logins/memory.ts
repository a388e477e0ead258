import type { KeptLogin, LoginStore } from '../../ir/login.ts'

/** Logins of a gateway without a data directory: what a provider gives anew is forgotten with the process. */
export function createMemoryLogins(): LoginStore {
  const kept = new Map<string, KeptLogin>()
  const lastOf = new Map<string, Promise<unknown>>()
  return {
    update(name, task) {
      const login = (lastOf.get(name) ?? Promise.resolve()).then(async () => {
        const next = await task(kept.get(name))
        kept.set(name, next)
        return next
      })
      // The next one begins whatever becomes of it; whoever asked is told.
      lastOf.set(
        name,
        login.catch(() => undefined),
      )
      return login
    },
  }
}
