/** The audit of a data directory, for commands that change its files. */
export { openAudit } from '../state/audit/open.ts'
export { STATE_FILE } from '../state/records/open.ts'
