import { asLate, type LedgerEntry, type LedgerParty, type Settlement } from '../../ir/settlement.ts'
import type { PostgresQuery } from '../postgres/postgres.ts'
import { storableText } from '../postgres/storable-text.ts'
import { MEASURES, measuresOf } from './measures.ts'
import { packEntry, partyKey } from './packed-entry.ts'
import type { WriteOutcome } from './store.ts'
import { DAY_MS, HOUR_MS, hourOf } from './time-range.ts'

const SUMS = MEASURES.join(', ')
const COUNTS = MEASURES.map((name) => `${name} bigint`).join(', ')
const SUMMED = MEASURES.map((name) => `sum(${name})`).join(', ')
const addedTo = (table: string): string => MEASURES.map((name) => `${name} = ${table}.${name} + excluded.${name}`).join(', ')

/** An entry that is new, with the number of its party. */
interface Written {
  readonly entry: LedgerEntry
  readonly party: number
}

/**
 * Writes entries and their sums within a transaction. Rows are locked in the order of their keys, so that replicas that write at the same
 * time wait for each other instead of standing in each other's way.
 */
export async function writeEntries(query: PostgresQuery, entries: readonly LedgerEntry[]): Promise<WriteOutcome> {
  const parties = await partiesOf(query, entries)
  const own = entries.map((entry) => ({ entry, party: parties.get(partyKey(entry.party)) ?? 0 }))
  const first = await insert(query, own)
  const late = await insert(query, await lateOnes(query, own, first))
  const written = [...first, ...late]
  if (written.length > 0) await addSums(query, written)
  return { written: written.length, duplicates: entries.length - written.length }
}

/** Numbers of the parties by their names, made where they are new. */
async function partiesOf(query: PostgresQuery, entries: readonly LedgerEntry[]): Promise<ReadonlyMap<string, number>> {
  const byName = new Map<string, { party: LedgerParty; hour: number }>()
  for (const { party, at } of entries) {
    const names = partyKey(party)
    byName.set(names, { party, hour: Math.max(byName.get(names)?.hour ?? 0, hourOf(at)) })
  }
  const rows = [...byName].map(([names, { party, hour }]) => ({ names, ...storableParty(party), used_hour: hour }))
  const given = `FROM jsonb_to_recordset($1::text::jsonb) AS given(names text, provider text, model text, account text, tenant text,
    project text, owner text, key text, used_hour bigint)`
  const json = JSON.stringify(rows)
  await query(
    `INSERT INTO ledger_parties (names, provider, model, account, tenant, project, owner, key, used_hour)
     SELECT names, provider, model, account, tenant, project, owner, key, used_hour ${given} ORDER BY names ON CONFLICT (names) DO NOTHING`,
    [json],
  )
  const found = await query(
    `SELECT known.party, known.names, known.used_hour < given.used_hour AS aged ${given} JOIN ledger_parties known USING (names)`,
    [json],
  )
  if (found.some(({ aged }) => aged === true))
    await query(`${USE_PARTIES} ${given} ORDER BY names) AS used WHERE ${IS_AGED}`, [json])
  return new Map(found.map((row) => [String(row['names']), Number(row['party'])]))
}

const USE_PARTIES = 'UPDATE ledger_parties known SET used_hour = used.used_hour FROM (SELECT names, used_hour'
const IS_AGED = 'known.names = used.names AND known.used_hour < used.used_hour'

const storableParty = (party: LedgerParty): Record<string, string | null> =>
  Object.fromEntries(
    (['provider', 'model', 'account', 'tenant', 'project', 'owner', 'key'] as const).map((name) => {
      const value = party[name]
      return [name, value === undefined ? null : storableText(value)]
    }),
  )

/** Those that were not there yet; of several with one id the first. */
async function insert(query: PostgresQuery, given: readonly Written[]): Promise<Written[]> {
  if (given.length === 0) return []
  const rows = given.map(({ entry, party }, place) => {
    const { id, kind, at, session } = entry
    const name = session === undefined ? null : storableText(session)
    return { place, id, kind, at: Math.floor(at), party, session: name, details: JSON.stringify(packEntry(entry)) }
  })
  const inserted = await query(
    `INSERT INTO ledger_entries (id, kind, at, party, session, details)
     SELECT id, kind, at, party, session, details FROM jsonb_to_recordset($1::text::jsonb)
       AS given(place integer, id text, kind text, at bigint, party bigint, session text, details text)
     ORDER BY place ON CONFLICT (id) DO NOTHING RETURNING id`,
    [JSON.stringify(rows)],
  )
  const isNew = new Set(inserted.map(({ id }) => String(id)))
  return given.filter(({ entry }) => isNew.delete(entry.id))
}

/** Settlements of attempts that were written down as lost. */
async function lateOnes(query: PostgresQuery, given: readonly Written[], first: readonly Written[]): Promise<Written[]> {
  const isWritten = new Set(first.map(({ entry }) => entry))
  const known = new Map<string, Settlement>()
  for (const { entry } of given)
    if (entry.kind === 'settlement' && !isWritten.has(entry)) known.set(entry.id, known.get(entry.id) ?? entry)
  if (known.size === 0) return []
  const lost = await query(
    `SELECT id, at, party, session FROM ledger_entries WHERE kind = 'lost' AND id IN (SELECT jsonb_array_elements_text($1::text::jsonb))`,
    [JSON.stringify([...known.keys()])],
  )
  return lost.flatMap((row) => {
    const settlement = known.get(String(row['id']))
    if (settlement === undefined) return []
    const session = typeof row['session'] === 'string' ? row['session'] : undefined
    const late = asLate(settlement, { at: Number(row['at']), party: settlement.party, session })
    return [{ entry: late, party: Number(row['party']) }]
  })
}

/** What an entry adds, by the names of the columns. */
function countsOf(entry: LedgerEntry): Readonly<Record<string, number>> {
  const counts = measuresOf(entry)
  return Object.fromEntries(MEASURES.map((name, index) => [name, counts[index] ?? 0]))
}

/** Adds what is new to its hour, its day and its session. */
async function addSums(query: PostgresQuery, written: readonly Written[]): Promise<void> {
  const rows = written.map(({ entry, party }) => ({
    at: Math.floor(entry.at),
    party,
    session: entry.session === undefined ? null : storableText(entry.session),
    ...countsOf(entry),
  }))
  const given = `FROM jsonb_to_recordset($1::text::jsonb) AS given(at bigint, party bigint, session text, ${COUNTS})`
  const json = JSON.stringify(rows)
  for (const [hours, span] of [
    [1, HOUR_MS],
    [24, DAY_MS],
  ] as const)
    await query(
      `INSERT INTO ledger_rollups (hours, start, party, ${SUMS})
       SELECT ${hours}, at / ${span} * ${span}, party, ${SUMMED} ${given} GROUP BY 2, 3 ORDER BY 2, 3
       ON CONFLICT (hours, start, party) DO UPDATE SET ${addedTo('ledger_rollups')}`,
      [json],
    )
  await query(
    `INSERT INTO ledger_sessions (session, party, first_at, last_at, last_hour, ${SUMS})
     SELECT session, party, min(at), max(at), max(at) / ${HOUR_MS} * ${HOUR_MS}, ${SUMMED} ${given}
     WHERE session IS NOT NULL GROUP BY 1, 2 ORDER BY 1, 2
     ON CONFLICT (session, party) DO UPDATE SET first_at = least(ledger_sessions.first_at, excluded.first_at),
       last_at = greatest(ledger_sessions.last_at, excluded.last_at), last_hour = greatest(ledger_sessions.last_hour, excluded.last_hour),
       ${addedTo('ledger_sessions')}`,
    [json],
  )
}
