import { countWords, safeText } from '../story-words.ts'
import type { Backup } from './backup-state.ts'
import type { StateCheck } from './check-state.ts'

export const renderBackup = ({ from, to, bytes }: Backup): string =>
  `${from} was copied to ${to} (${countWords(bytes)} bytes) and checked.`

/** What was found, the problems last. */
export function renderCheck({ ok, file, bytes, log_bytes: log, spool_bytes: spool, schemas, problems }: StateCheck): string {
  return [
    `${file}: ${countWords(bytes)} bytes, ${countWords(log)} more in its log.`,
    ...schemas.map(({ part, version, state }) => `  ${safeText(part)}: version ${version} (${state})`),
    ...(spool > 0
      ? [`${countWords(spool)} bytes of ledger entries wait in their local file; the next start takes them over.`]
      : []),
    ...problems,
    ok ? 'The state is whole.' : 'The state is not usable as it is.',
  ].join('\n')
}
