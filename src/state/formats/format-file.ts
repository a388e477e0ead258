import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { isObject } from '../../ir/json.ts'
import { WIRE_FORMATS, type WireFormat } from '../../ir/wire-format.ts'
import type { FormatStore, KnownFormats } from './store.ts'

/** In the data directory. */
export const FORMATS_FILE = 'formats.json'
const VERSION = 1

/** Keeps what was found out in a file that is replaced as a whole. One that cannot be read counts as empty. */
export function createFormatFile(path: string, warn: (message: string) => void): FormatStore {
  return {
    read() {
      try {
        const stored: unknown = JSON.parse(readFileSync(path, 'utf8'))
        return isObject(stored) && stored['version'] === VERSION && Array.isArray(stored['known'])
          ? stored['known'].flatMap(readKnown)
          : []
      } catch {
        return [] // nothing was found out yet, or the file is broken: it is a cache
      }
    },
    replace(known) {
      const temporary = `${path}.${process.pid}.tmp`
      try {
        writeFileSync(temporary, JSON.stringify({ version: VERSION, known }), { mode: 0o600 })
        renameSync(temporary, path)
      } catch (error) {
        rmSync(temporary, { force: true })
        const code = error instanceof Error && 'code' in error ? String(error.code) : 'failed'
        warn(`formats of upstreams that were found out could not be kept (${code}); they will be looked for again`)
      }
    },
  }
}

function readKnown(value: unknown): KnownFormats[] {
  if (!isObject(value)) return []
  const { key, spoken, at } = value
  if (typeof key !== 'string' || typeof at !== 'number' || !Array.isArray(spoken)) return []
  return [
    { key, at, spoken: spoken.filter((format: unknown): format is WireFormat => WIRE_FORMATS.some((known) => known === format)) },
  ]
}
