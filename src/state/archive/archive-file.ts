import { createReadStream, createWriteStream, renameSync, rmSync, type WriteStream } from 'node:fs'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { GatewayError } from '../../errors/gateway-error.ts'
import type { ArchivableStore, ArchiveEntry, ArchiveRow } from './archive.ts'
import { DigestSum, differingParts, type ArchiveDigest } from './digest.ts'
import { ARCHIVE_PARTS } from './parts.ts'

const SCHEMA = 'switchback.archive/v1'

/**
 * Writes everything a store keeps into a file, one JSON text a line: a head, the rows, and at the end how many there are and their digest.
 * The file is there whole or not at all.
 */
export async function writeArchive(store: Pick<ArchivableStore, 'read'>, path: string): Promise<ArchiveDigest> {
  const temporary = `${path}.partial`
  const file = createWriteStream(temporary, { flags: 'wx', mode: 0o600 })
  try {
    await once(file, 'open')
    const sum = new DigestSum()
    await put(file, { schema: SCHEMA })
    await store.read(async (entry) => {
      sum.add(entry)
      await put(file, { part: entry.part.name, row: entry.row })
    })
    await put(file, { end: sum.result() })
    file.end()
    await once(file, 'finish')
    renameSync(temporary, path)
    return sum.result()
  } catch (cause) {
    file.destroy()
    rmSync(temporary, { force: true })
    if (cause instanceof GatewayError) throw cause
    throw new GatewayError(
      'state_unavailable',
      `The archive ${path} cannot be written: ${reasonOf(cause)}. Name another place.`,
      {
        cause,
      },
    )
  }
}

async function put(file: WriteStream, value: unknown): Promise<void> {
  if (!file.write(`${JSON.stringify(value)}\n`)) await once(file, 'drain')
}

/** Entries of an archive. Throws `state_incompatible` for a file that is none, is cut short, or was changed. */
export async function* readArchive(path: string): AsyncIterable<ArchiveEntry> {
  const sum = new DigestSum()
  let line = 0
  let end: ArchiveDigest | undefined
  for await (const text of linesOf(path)) {
    line += 1
    const value = parsed(text, path, line)
    if (line === 1) {
      requireSchema(value['schema'], path)
    } else if (value['end'] !== undefined) end = value['end'] as ArchiveDigest
    else {
      const part = ARCHIVE_PARTS.find(({ name }) => name === value['part'])
      if (part === undefined) throw broken(path, `line ${line} is of a part that this version does not know`)
      const entry = { part, row: value['row'] as ArchiveRow }
      sum.add(entry)
      yield entry
    }
  }
  if (end === undefined) throw broken(path, 'its end is missing')
  const differing = differingParts(end, sum.result())
  if (differing.length > 0) throw broken(path, `${differing.join(' and ')} are not what was written`)
}

async function* linesOf(path: string): AsyncIterable<string> {
  try {
    for await (const line of createInterface({ input: createReadStream(path) })) yield line
  } catch (cause) {
    throw new GatewayError('state_unavailable', `The archive ${path} cannot be read: ${reasonOf(cause)}. Check the path.`, {
      cause,
    })
  }
}

function parsed(text: string, path: string, line: number): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text)
    if (typeof value === 'object' && value !== null) return value as Record<string, unknown>
  } catch {
    // Told below, as any other line that is none.
  }
  throw broken(path, `line ${line} is no JSON object`)
}

/** The head names the version of the form; another one is read by another program. */
function requireSchema(schema: unknown, path: string): void {
  if (schema === SCHEMA) return
  if (typeof schema !== 'string' || !/^switchback\.archive\/v\d{1,9}$/.test(schema))
    throw broken(path, `it does not begin with ${SCHEMA}`)
  throw new GatewayError(
    'state_incompatible',
    `${path} is of a newer Switchback (${schema}; this one reads ${SCHEMA}). Nothing was taken over. Import it with that version or a later one.`,
  )
}

const broken = (path: string, reason: string): GatewayError =>
  new GatewayError('state_incompatible', `${path} is no whole archive: ${reason}. Nothing was taken over. Export it again.`)

const reasonOf = (cause: unknown): string => (cause instanceof Error ? cause.message : String(cause))
