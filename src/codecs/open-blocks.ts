import type { JsonObject } from '../ir/json.ts'
import type { Emit } from '../ir/stream-event.ts'

/** One open content block of an upstream's stream. */
export interface BlockDecoder {
  delta(delta: JsonObject, emit: Emit): void
  stop(emit: Emit): void
}

/** The open blocks of an upstream's stream, by the index that it gives them. */
export class OpenBlocks {
  private readonly byIndex: Map<number, BlockDecoder>
  private count: number

  constructor() {
    this.byIndex = new Map()
    this.count = 0
  }

  /** Number of the next block in canonical events. */
  nextNumber(): number {
    return this.count++
  }

  at(index: number): BlockDecoder | undefined {
    return this.byIndex.get(index)
  }

  set(index: number, block: BlockDecoder): BlockDecoder {
    this.byIndex.set(index, block)
    return block
  }

  stop(index: unknown, emit: Emit): void {
    if (typeof index !== 'number') return
    const block = this.byIndex.get(index)
    if (block === undefined) return
    this.byIndex.delete(index)
    block.stop(emit)
  }

  stopAll(emit: Emit): void {
    for (const block of this.byIndex.values()) block.stop(emit)
    this.byIndex.clear()
  }
}
