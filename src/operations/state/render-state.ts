import { countWords, safeText } from '../story-words.ts'
import type { Backup } from './backup-state.ts'
import type { migrateSharedState, SharedStateCheck } from './check-shared-state.ts'
import type { StateCheck } from './check-state.ts'
import type { StateTransfer } from './transfer-state.ts'

type SharedMigration = Awaited<ReturnType<typeof migrateSharedState>>

export const renderBackup = ({ from, to, bytes, prices, certifications }: Backup): string =>
  [
    `${from} was copied to ${to} (${countWords(bytes)} bytes) and checked.`,
    ...(prices === undefined ? [] : [`Your own prices were copied to ${prices}.`]),
    ...(certifications === undefined ? [] : [`Certifications were copied to ${certifications}.`]),
  ].join(' ')

export const renderTransfer = ({ store, file, parts }: StateTransfer, into: boolean): string =>
  [
    into ? `${store} holds now what ${file} does; numbers and digests are the same.` : `${store} was written to ${file}.`,
    ...Object.entries(parts).map(([name, { count }]) => `  ${name.replaceAll('_', ' ')}: ${countWords(count)}`),
  ].join('\n')

export function renderMigration({ database, before, after }: SharedMigration): string {
  const changed = after.flatMap(({ part, version }) => {
    const earlier = before.find((other) => other.part === part)?.version ?? 0
    return earlier === version ? [] : [`  ${part}: version ${earlier} to ${version}`]
  })
  return changed.length === 0
    ? `The ${database} is at the newest schema already.`
    : [`The ${database} was brought to the newest schema.`, ...changed].join('\n')
}

export function renderSharedCheck({ ok, database, coordination, schemas, problems }: SharedStateCheck): string {
  return [
    `${database}${coordination === undefined ? '' : `, ${coordination}`}`,
    ...schemas.map(({ part, version, state }) => `  ${part}: version ${version} (${state})`),
    ...problems,
    ok ? 'The shared state can be used.' : 'The shared state is not usable as it is.',
  ].join('\n')
}

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
