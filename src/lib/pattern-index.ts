interface TrieNode<Value> {
  readonly next: Map<number, TrieNode<Value>>
  readonly values: Value[]
}

interface Glob<Value> {
  readonly pieces: readonly string[]
  /** Characters that are no `*`: more of them say more. */
  readonly weight: number
  readonly values: Value[]
}

/** Whether the text has the shape of the pattern, in which `*` stands for any text, also none. Linear in the text. */
export function matchesPattern(pattern: string, text: string): boolean {
  return matchesPieces(pattern.split('*'), text)
}

/** Whether some text has the shape of both patterns. */
export function patternsOverlap(left: string, right: string): boolean {
  // One row of the usual table: whether the first `i` characters of one and the first `j` of the other can mean the same text.
  let row = Array.from({ length: right.length + 1 }, (_unused, end) => /^\**$/.test(right.slice(0, end)))
  for (const letter of left) {
    const next = [letter === '*' && row[0] === true]
    for (let end = 1; end <= right.length; end++) {
      const other = right[end - 1]
      const bySkipping = (letter === '*' || other === '*') && (row[end] === true || next[end - 1] === true)
      next.push(bySkipping || (letter === other && row[end - 1] === true))
    }
    row = next
  }
  return row[right.length] === true
}

/**
 * Values by pattern: exact texts, prefixes (`claude-*`), and texts with `*` elsewhere. Exact texts are found in a map and prefixes in a
 * trie, so that only the few patterns with a `*` elsewhere are gone through.
 */
export class PatternIndex<Value> {
  private readonly exact = new Map<string, Value[]>()
  private readonly prefixes: TrieNode<Value> = { next: new Map(), values: [] }
  private readonly globs: Glob<Value>[] = []

  add(pattern: string, value: Value): void {
    this.valuesOf(pattern).push(value)
  }

  /** The first accepted value of the most specific pattern: exact, then the one with most letters, a prefix before its equals. */
  find(text: string, accept: (value: Value) => boolean): Value | undefined {
    const exact = this.exact.get(text)?.find(accept)
    if (exact !== undefined) return exact
    const prefixes = this.prefixesOf(text)
    for (const glob of this.globs) {
      while ((prefixes.at(-1)?.weight ?? -1) >= glob.weight) {
        const found = prefixes.pop()?.values.find(accept)
        if (found !== undefined) return found
      }
      const found = matchesPieces(glob.pieces, text) ? glob.values.find(accept) : undefined
      if (found !== undefined) return found
    }
    for (let prefix = prefixes.pop(); prefix !== undefined; prefix = prefixes.pop()) {
      const found = prefix.values.find(accept)
      if (found !== undefined) return found
    }
    return undefined
  }

  /** Prefixes of the text that are patterns, the shortest first. */
  private prefixesOf(text: string): { readonly weight: number; readonly values: readonly Value[] }[] {
    const found: { readonly weight: number; readonly values: readonly Value[] }[] = []
    let node: TrieNode<Value> | undefined = this.prefixes
    for (let index = 0; node !== undefined; index++) {
      if (node.values.length > 0) found.push({ weight: index, values: node.values })
      if (index >= text.length) break
      node = node.next.get(text.charCodeAt(index))
    }
    return found
  }

  private valuesOf(pattern: string): Value[] {
    const star = pattern.indexOf('*')
    if (star === -1) return entryOf(this.exact, pattern, () => [])
    if (star === pattern.length - 1) return this.prefixNode(pattern.slice(0, -1)).values
    const pieces = pattern.split('*')
    const known = this.globs.find((glob) => glob.pieces.join('*') === pattern)
    if (known !== undefined) return known.values
    const glob: Glob<Value> = { pieces, weight: pattern.length - pieces.length + 1, values: [] }
    const place = this.globs.findIndex((other) => other.weight < glob.weight)
    this.globs.splice(place === -1 ? this.globs.length : place, 0, glob)
    return glob.values
  }

  private prefixNode(prefix: string): TrieNode<Value> {
    let node = this.prefixes
    for (let index = 0; index < prefix.length; index++)
      node = entryOf(node.next, prefix.charCodeAt(index), () => ({ next: new Map(), values: [] }))
    return node
  }
}

function entryOf<Key, Entry>(map: Map<Key, Entry>, key: Key, create: () => Entry): Entry {
  const known = map.get(key)
  if (known !== undefined) return known
  const entry = create()
  map.set(key, entry)
  return entry
}

/** The first piece begins the text, the last ends it, the others follow each other in between. */
function matchesPieces(pieces: readonly string[], text: string): boolean {
  const first = pieces[0] ?? ''
  if (pieces.length === 1) return text === first
  const last = pieces.at(-1) ?? ''
  if (text.length < first.length + last.length || !text.startsWith(first) || !text.endsWith(last)) return false
  const end = text.length - last.length
  let position = first.length
  for (let index = 1; index < pieces.length - 1; index++) {
    const piece = pieces[index] ?? ''
    const found = text.indexOf(piece, position)
    if (found === -1 || found + piece.length > end) return false
    position = found + piece.length
  }
  return true
}
