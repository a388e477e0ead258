import type { WireFormat } from '../ir/wire-format.ts'
import { HEADER_TABLES, UPSTREAM_REQUEST_ID } from './header-tables.ts'

type HeaderPair = readonly [name: string, value: string]

/**
 * Headers of an upstream answer that a client of a format may see; without a format, those that clients of every format may see.
 * Looked up by name: cheaper than walking over all of them.
 */
export function clientHeadersOf(
  upstreamFormat: WireFormat,
  clientFormat: WireFormat | undefined,
  headers: Headers,
): HeaderPair[] {
  const table = HEADER_TABLES[upstreamFormat]
  const seen: HeaderPair[] = []
  for (const name of table.response) copy(name, headers, seen)
  if (upstreamFormat === clientFormat) for (const name of table.responseToSameFormat) copy(name, headers, seen)
  for (const name of UPSTREAM_REQUEST_ID) {
    const id = headers.get(name)
    if (id === null) continue
    seen.push(['x-switchback-upstream-request-id', id])
    break
  }
  return seen
}

function copy(name: string, from: Headers, to: HeaderPair[]): void {
  const value = from.get(name)
  if (value !== null) to.push([name, value])
}
