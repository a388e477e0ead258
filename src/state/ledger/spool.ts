import { createReadStream, existsSync, statSync } from 'node:fs'
import { open, rm } from 'node:fs/promises'
import { createInterface } from 'node:readline'
import type { LedgerEntry } from '../../ir/settlement.ts'

/** A local file for entries that the store cannot take. */
export interface Spool {
  /** Entries in it; those of an earlier process count when they are read. */
  readonly count: number
  readonly bytes: number
  readonly isEmpty: boolean
  /** Puts entries on the disk, flushed. Rejects when the disk cannot take them or the file is full. */
  append(entries: readonly LedgerEntry[]): Promise<void>
  /** All entries in the order in which they came, so many at a time. A line that was cut off by a crash is left out. */
  batches(size: number): AsyncIterable<readonly LedgerEntry[]>
  /** Everything has been taken over. */
  clear(): Promise<void>
}

export interface SpoolOptions {
  readonly path: string
  /** Most bytes; 1 GiB when absent. */
  readonly maxBytes?: number | undefined
}

const DEFAULT_MAX_BYTES = 2 ** 30

/** Opens the file where there is one. Nothing is created before the first entry. */
export function openSpool({ path, maxBytes = DEFAULT_MAX_BYTES }: SpoolOptions): Spool {
  return new FileSpool(path, maxBytes)
}

class FileSpool implements Spool {
  readonly #path: string
  readonly #maxBytes: number
  #bytes: number
  #count = 0

  constructor(path: string, maxBytes: number) {
    this.#path = path
    this.#maxBytes = maxBytes
    this.#bytes = existsSync(path) ? statSync(path).size : 0
  }

  get count(): number {
    return this.#count
  }

  get bytes(): number {
    return this.#bytes
  }

  get isEmpty(): boolean {
    return this.#bytes === 0
  }

  async append(entries: readonly LedgerEntry[]): Promise<void> {
    // A line of its own before the first one, in case a crash left half a line behind.
    const text = Buffer.from(`\n${entries.map((entry) => JSON.stringify(entry)).join('\n')}\n`)
    if (this.#bytes + text.length > this.#maxBytes)
      throw Object.assign(new RangeError(`${this.#path} has reached its limit of ${this.#maxBytes} bytes`), { code: 'ENOSPC' })
    const file = await open(this.#path, 'a', 0o600)
    try {
      await file.appendFile(text)
      await file.datasync()
    } finally {
      await file.close()
    }
    this.#bytes += text.length
    this.#count += entries.length
  }

  async *batches(size: number): AsyncIterable<readonly LedgerEntry[]> {
    let batch: LedgerEntry[] = []
    let count = 0
    for await (const line of createInterface({ input: createReadStream(this.#path), crlfDelay: Number.POSITIVE_INFINITY })) {
      const entry = parsed(line)
      if (entry === undefined) continue
      count += 1
      batch.push(entry)
      if (batch.length < size) continue
      this.#count = Math.max(this.#count, count)
      yield batch
      batch = []
    }
    this.#count = count
    if (batch.length > 0) yield batch
  }

  async clear(): Promise<void> {
    await rm(this.#path, { force: true })
    this.#bytes = 0
    this.#count = 0
  }
}

function parsed(line: string): LedgerEntry | undefined {
  if (line === '') return undefined
  try {
    const value: unknown = JSON.parse(line)
    return typeof value === 'object' && value !== null && 'id' in value && 'kind' in value ? (value as LedgerEntry) : undefined
  } catch {
    // Half a line: the process ended while it wrote it.
    return undefined
  }
}
