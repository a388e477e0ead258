import type { Extra, Sourced } from '../ir/extra.ts'
import { isObject, type JsonObject } from '../ir/json.ts'
import type { WireFormat } from '../ir/wire-format.ts'
import type { Report } from './report.ts'

/** JSON pointer of a member. */
export function childPath(path: string | undefined, key: string): string {
  return `${path ?? ''}/${key.replaceAll('~', '~0').replaceAll('/', '~1')}`
}

/** Adds what a reader did not understand to the node that was made of the rest. */
export function keepExtra<Node extends Sourced>(node: Node, extra: Extra | undefined): Node {
  if (extra !== undefined) node.extra = extra
  return node
}

/** Encoded fields win; objects on both sides are merged, as the decoder split them. */
export function mergeExtra(written: JsonObject, fields: JsonObject): JsonObject {
  const merged: JsonObject = { ...fields, ...written }
  for (const key of Object.keys(written)) {
    const extra = Object.hasOwn(fields, key) ? fields[key] : undefined
    const own = written[key]
    if (isObject(extra) && isObject(own)) merged[key] = mergeExtra(own, extra)
  }
  return merged
}

/** Puts a node's unmodelled fields back beside what was encoded, or reports them when they came from another format than `own`. */
export function withExtraOf(own: WireFormat): (written: JsonObject, node: Sourced, report: Report) => JsonObject {
  return (written, node, report) => {
    if (node.extra === undefined) return written
    const { format, fields } = node.extra
    if (format === own) return mergeExtra(written, fields)
    for (const key of Object.keys(fields))
      report.lost('extension', childPath(node.path, key), 'the field is unknown to the format')
    return written
  }
}
