/** Set in the environment of a process that serves beside others, to its number. */
export const WORKER_VARIABLE = 'SWITCHBACK_WORKER'
