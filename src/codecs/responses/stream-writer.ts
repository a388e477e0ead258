import type { JsonObject } from '../../ir/json.ts'
import type { WriteFrame } from '../codec.ts'

/** The id of an item on this stream, and the one that the upstream gave it. */
export interface ItemIds {
  readonly id: string
  readonly upstreamId: string | undefined
}

/** What all items of one stream share: sequence numbers, output indexes and the finished items for the closing snapshot. */
export class StreamWriter {
  sequence = 0
  private allocated = 0
  private readonly finished: string[] = []

  /** The next output index. */
  allocate(): number {
    return this.allocated++
  }

  /** The index that comes next, without taking it. */
  peek(): number {
    return this.allocated
  }

  /** Writes one event; `fields` is the inside of a JSON object. */
  event(type: string, fields: string, frame: WriteFrame): void {
    frame(type, `{"type":"${type}","sequence_number":${this.sequence++},${fields}}`)
  }

  added(index: number, item: JsonObject, frame: WriteFrame): void {
    this.event('response.output_item.added', `"output_index":${index},"item":${JSON.stringify(item)}`, frame)
  }

  done(index: number, item: JsonObject, frame: WriteFrame): void {
    const json = JSON.stringify(item)
    this.finished[index] = json
    this.event('response.output_item.done', `"output_index":${index},"item":${json}`, frame)
  }

  /** The finished items as the inside of a JSON array. */
  output(): string {
    return this.finished.filter((item) => item !== undefined).join(',')
  }
}
