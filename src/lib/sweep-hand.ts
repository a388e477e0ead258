/**
 * Goes round and round over the entries of a map, a few at a time, while they come and go. Beginning anew at the front each time would pass
 * over the places of everything that was deleted there, which in a large map costs more than everything else.
 */
export class SweepHand<Key, Value> {
  private readonly map: ReadonlyMap<Key, Value>
  private rest: MapIterator<[Key, Value]>

  constructor(map: ReadonlyMap<Key, Value>) {
    this.map = map
    this.rest = map.entries()
  }

  /** The next entry; the first one again after the last. Undefined when there is none. */
  next(): [Key, Value] | undefined {
    const following = this.rest.next()
    if (following.done !== true) return following.value
    this.rest = this.map.entries()
    const first = this.rest.next()
    return first.done === true ? undefined : first.value
  }
}
