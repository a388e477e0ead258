/** Beginning of the names of what a gateway that shares its state keeps in its data directory. `worker` is its number among those there, from 0. */
export const sharedFiles = (worker: number): string => `shared-${worker}`

/** What budgets have spent, of the only gateway on a database. */
export const PERIODS_SUFFIX = '.budgets.db'
