/** The audit of a data directory or of a database, for commands that change files. */
export { openSharedAudit } from '../state/audit/open-shared.ts'
export { openAudit } from '../state/audit/open.ts'
export { STATE_FILE } from '../state/records/open.ts'
