import { appendFileSync, existsSync, readFileSync, rmSync, statSync } from 'node:fs'
import type { BatchRow } from './record-batch.ts'

/** A batch and the name its writer gave it. */
export interface KeyedBatch {
  readonly key: string
  readonly row: BatchRow
}

/** A local file for batches that the database does not take at once: they outlive the process, however it ends. */
export interface BatchSpool {
  /** What an earlier process left. A line that was cut off by its end is left out. */
  load(): readonly KeyedBatch[]
  /** Adds a batch; false when the file is full or cannot be written. */
  add(batch: KeyedBatch): boolean
  /** Everything has been written to the database. */
  clear(): void
}

const MOST_BYTES = 2 ** 28

/** Opens the file; nothing is created before the first batch. */
export function openBatchSpool(path: string, mostBytes = MOST_BYTES): BatchSpool {
  let bytes = existsSync(path) ? statSync(path).size : 0
  return {
    load: () => (bytes === 0 ? [] : readFileSync(path, 'utf8').split('\n').flatMap(parsed)),
    add({ key, row }) {
      // A line of its own before the first one, in case half a line was left behind.
      const line = `\n${JSON.stringify({ key, row: [...row.slice(0, -1), Buffer.from(row[6]).toString('base64')] })}`
      if (bytes + line.length > mostBytes) return false
      try {
        appendFileSync(path, line, { mode: 0o600 })
        bytes += Buffer.byteLength(line)
        return true
      } catch {
        // The disk is full, or gone: the batch stays in memory, as without a file.
        return false
      }
    },
    clear() {
      if (bytes === 0) return
      rmSync(path, { force: true })
      bytes = 0
    },
  }
}

function parsed(line: string): KeyedBatch[] {
  if (line === '') return []
  try {
    const { key, row } = JSON.parse(line) as { key: string; row: [...(string | number)[]] }
    return [{ key, row: [...row.slice(0, -1), Buffer.from(String(row.at(-1)), 'base64')] as unknown as BatchRow }]
  } catch {
    // Half a line: the process ended while it wrote it.
    return []
  }
}
