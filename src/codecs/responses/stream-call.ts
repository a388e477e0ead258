import type { JsonObject } from '../../ir/json.ts'
import type { StreamEvent } from '../../ir/stream-event.ts'
import type { ClientContext, WriteFrame } from '../codec.ts'
import { callItem, clientInput, itemId, type ClientCall } from './output-items.ts'
import type { StreamWriter } from './stream-writer.ts'

/** One tool call of a client stream: a function call, or a custom tool call, emulated or real. */
export class StreamedCall {
  private readonly id: string
  private readonly callId: string
  private readonly caller: unknown
  private readonly call: ClientCall
  private readonly index: number
  private readonly writer: StreamWriter
  private readonly place: string
  private readonly deltaType: string
  private readonly deltaPrefix: string
  private readonly pieces: string[] = []
  private ended = false

  constructor(
    event: Extract<StreamEvent, { type: 'tool-call-start' }>,
    call: ClientCall,
    context: ClientContext,
    target: { readonly writer: StreamWriter; readonly frame: WriteFrame },
  ) {
    const { writer, frame } = target
    this.call = call
    this.index = writer.allocate()
    this.id = itemId(call.custom ? 'ctc' : 'fc', event.itemId, this.index, context)
    this.callId = event.id
    this.caller = event.caller
    this.writer = writer
    this.place = `"item_id":${JSON.stringify(this.id)},"output_index":${this.index}`
    this.deltaType = this.call.custom ? 'response.custom_tool_call_input.delta' : 'response.function_call_arguments.delta'
    this.deltaPrefix = `{"type":"${this.deltaType}",${this.place},"sequence_number":`
    writer.added(this.index, this.item('', 'in_progress'), frame)
  }

  delta(text: string, frame: WriteFrame): void {
    this.pieces.push(text)
    // The free text of an emulated tool is only known when its JSON is whole.
    if (!this.call.wrapped) this.writeDelta(text, frame)
  }

  end(frame: WriteFrame): void {
    if (this.ended) return
    this.ended = true
    const received = this.pieces.join('')
    const input = clientInput(this.call, received)
    if ((this.call.wrapped || received === '') && input !== '') this.writeDelta(input, frame)
    if (this.call.custom)
      this.writer.event('response.custom_tool_call_input.done', `${this.place},"input":${JSON.stringify(input)}`, frame)
    else
      this.writer.event(
        'response.function_call_arguments.done',
        `${this.place},"name":${JSON.stringify(this.call.name)},"arguments":${JSON.stringify(input)}`,
        frame,
      )
    this.writer.done(this.index, this.item(input, 'completed'), frame)
  }

  private item(input: string, status: string): JsonObject {
    return callItem(this.call, { id: this.id, callId: this.callId, input, caller: this.caller, status })
  }

  private writeDelta(text: string, frame: WriteFrame): void {
    frame(this.deltaType, this.deltaPrefix + this.writer.sequence++ + ',"delta":' + JSON.stringify(text) + '}')
  }
}
