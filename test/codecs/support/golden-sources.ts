import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { WIRE_FORMATS, type WireFormat } from '../../../src/ir/wire-format.ts'

export interface GoldenSource {
  readonly format: WireFormat
  readonly name: string
  readonly body: Record<string, unknown>
}

const FOLDER = path.resolve(import.meta.dir, '../../golden')

/** Our own requests, one for each feature: `test/golden/<format>/<case>.json`. */
export function loadGoldenSources(): GoldenSource[] {
  return WIRE_FORMATS.flatMap((format) =>
    readdirSync(path.join(FOLDER, format))
      .filter((file) => file.endsWith('.json') && !file.endsWith('.golden.json'))
      .sort()
      .map((file) => ({
        format,
        name: file.slice(0, -'.json'.length),
        body: JSON.parse(readFileSync(path.join(FOLDER, format, file), 'utf8')) as Record<string, unknown>,
      })),
  )
}
