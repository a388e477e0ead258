import { isObject, type JsonObject } from '../../ir/json.ts'

/** The value of a call's arguments while its pieces arrive, each with the JSON path of the place it belongs to. */
export class PartialArguments {
  private readonly value: JsonObject = {}

  add(pieces: readonly unknown[]): void {
    for (const piece of pieces) {
      if (!isObject(piece) || typeof piece['jsonPath'] !== 'string') continue
      const path = stepsOf(piece['jsonPath'])
      if (path.length > 0) this.put(path, piece)
    }
  }

  get text(): string {
    return JSON.stringify(this.value)
  }

  private put(path: readonly (string | number)[], piece: JsonObject): void {
    let node: unknown = this.value
    for (const [index, step] of path.slice(0, -1).entries()) {
      const found = child(node, step)
      const next = found === undefined ? (typeof path[index + 1] === 'number' ? [] : {}) : found
      if (found === undefined) set(node, step, next)
      node = next
    }
    const last = path.at(-1)!
    const earlier = child(node, last)
    const value = valueOf(piece)
    // Text comes in pieces, everything else whole.
    set(node, last, typeof earlier === 'string' && typeof value === 'string' ? earlier + value : value)
  }
}

function valueOf(piece: JsonObject): unknown {
  if (typeof piece['stringValue'] === 'string') return piece['stringValue']
  if (typeof piece['numberValue'] === 'number') return piece['numberValue']
  return typeof piece['boolValue'] === 'boolean' ? piece['boolValue'] : null
}

const STEP = /\.([^.[\]]+)|\[(\d+)\]|\['((?:[^'\\]|\\.)*)'\]|\["((?:[^"\\]|\\.)*)"\]/g

/** Steps of a path such as `$.places[0].name` or `$['odd key']`. */
function stepsOf(path: string): (string | number)[] {
  return [...path.matchAll(STEP)].map(([, name, index, single, double]) =>
    index === undefined ? (name ?? (single ?? double ?? '').replaceAll(/\\(.)/g, '$1')) : Number(index),
  )
}

function child(node: unknown, step: string | number): unknown {
  if (Array.isArray(node)) return typeof step === 'number' ? (node[step] as unknown) : undefined
  return isObject(node) && Object.hasOwn(node, step) ? node[String(step)] : undefined
}

/** An index far beyond the list is a mistake, and must not fill memory. */
const FURTHEST_INDEX = 10_000

function set(node: unknown, step: string | number, value: unknown): void {
  if (Array.isArray(node)) {
    if (typeof step === 'number' && step < FURTHEST_INDEX) node[step] = value
  } else if (isObject(node)) {
    Object.defineProperty(node, step, { value, writable: true, enumerable: true, configurable: true })
  }
}
