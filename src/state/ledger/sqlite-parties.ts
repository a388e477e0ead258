import type { DatabaseSync, StatementSync } from 'node:sqlite'
import type { LedgerParty } from '../../ir/settlement.ts'
import { partyKey } from './packed-entry.ts'
import { PARTY_NAMES } from './store.ts'

/** Parties looked up lately. Model names come from clients, so the memory of them is bounded. */
const MOST_REMEMBERED = 4_096

/** A party's number and the last hour in which it spent, as far as the table knows. */
interface KnownParty {
  readonly party: number
  usedHour: number
}

/** Numbers for parties, and parties by number. */
export class SqliteParties {
  readonly #insert: StatementSync
  readonly #find: StatementSync
  readonly #use: StatementSync
  readonly #read: StatementSync
  readonly #known = new Map<string, KnownParty>()
  readonly #byNumber = new Map<number, LedgerParty>()

  constructor(database: DatabaseSync) {
    this.#insert = database.prepare(
      'INSERT INTO ledger_parties (names, provider, model, account, tenant, project, owner, key, used_hour) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (names) DO NOTHING',
    )
    this.#find = database.prepare('SELECT party, used_hour FROM ledger_parties WHERE names = ?')
    this.#use = database.prepare('UPDATE ledger_parties SET used_hour = max(used_hour, ?) WHERE party = ?')
    this.#read = database.prepare(`SELECT ${PARTY_NAMES.join(', ')} FROM ledger_parties WHERE party = ?`)
  }

  /** The number of a party that spent in this hour. Writes. */
  numberOf(names: LedgerParty, hour: number): number {
    const key = partyKey(names)
    const known = this.#known.get(key) ?? this.#found(key, names, hour)
    if (known.usedHour < hour) {
      this.#use.run(hour, known.party)
      known.usedHour = hour
    }
    return known.party
  }

  readonly partyOf = (party: number): LedgerParty => {
    let names = this.#byNumber.get(party)
    if (names === undefined) {
      const row = this.#read.get(party) ?? {}
      names = Object.fromEntries(PARTY_NAMES.map((name) => [name, row[name] ?? undefined])) as unknown as LedgerParty
      if (this.#byNumber.size >= MOST_REMEMBERED) this.#byNumber.clear()
      this.#byNumber.set(party, names)
    }
    return names
  }

  /** Some may have been deleted, or never been written. */
  forget(): void {
    this.#known.clear()
    this.#byNumber.clear()
  }

  #found(key: string, names: LedgerParty, hour: number): KnownParty {
    const { provider, model, account, tenant, project, owner, key: apiKey } = names
    this.#insert.run(key, provider, model, account, tenant ?? null, project ?? null, owner ?? null, apiKey ?? null, hour)
    const row = this.#find.get(key)
    const known = { party: Number(row?.['party']), usedHour: Number(row?.['used_hour']) }
    if (this.#known.size >= MOST_REMEMBERED) this.#known.clear()
    this.#known.set(key, known)
    return known
  }
}
