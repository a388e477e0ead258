import { isObject, type JsonObject } from '../../ir/json.ts'
import type { Emit } from '../../ir/stream-event.ts'

interface OpenCall {
  /** The server's number, where it gives one. */
  readonly index: number | undefined
  block: number
  id: string | undefined
  name: string
  kind: 'json' | 'text'
  signature: string | undefined
  /** Arguments that came before the name. */
  early: string[]
}

/** What the tool calls of a choice need from the stream around them. */
export interface CallScope {
  nextBlock(): number
  callId(call: number): string
  readonly choice: number
}

/**
 * Tool calls of one choice. Servers number them, or not (Mistral), start at 1, repeat the id with every piece, use one number for
 * several calls, or send the name after the id: a call starts when its name is known, and all of them end with the choice.
 */
export class StreamToolCalls {
  private readonly scope: CallScope
  private readonly calls: OpenCall[] = []
  private started = 0

  constructor(scope: CallScope) {
    this.scope = scope
  }

  get any(): boolean {
    return this.calls.length > 0
  }

  push(deltas: readonly unknown[], emit: Emit): void {
    for (const delta of deltas) if (isObject(delta)) this.delta(delta, emit)
  }

  /** Starts calls that never got a name and ends all. */
  end(emit: Emit): void {
    for (const call of this.calls) {
      if (call.block < 0) this.start(call, emit)
      emit({ type: 'tool-call-end', block: call.block })
    }
    this.calls.length = 0
  }

  private delta(delta: JsonObject, emit: Emit): void {
    const call = this.find(delta)
    const custom = isObject(delta['custom']) ? delta['custom'] : undefined
    const definition = custom ?? (isObject(delta['function']) ? delta['function'] : undefined)
    if (call.block < 0) {
      if (custom !== undefined || delta['type'] === 'custom') call.kind = 'text'
      if (typeof definition?.['name'] === 'string') call.name += definition['name']
      call.signature ??= thoughtSignature(delta)
    }
    const text = argumentsText(custom === undefined ? definition?.['arguments'] : custom['input'])
    if (call.block < 0 && call.name !== '') this.start(call, emit)
    if (text === '') return
    if (call.block < 0) call.early.push(text)
    else emit({ type: 'tool-call-delta', block: call.block, text })
  }

  private start(call: OpenCall, emit: Emit): void {
    call.block = this.scope.nextBlock()
    const id = call.id ?? this.scope.callId(this.started)
    this.started++
    const { block, name, kind, signature } = call
    const { choice } = this.scope
    emit(
      signature === undefined
        ? { type: 'tool-call-start', block, choice, id, name, kind }
        : { type: 'tool-call-start', block, choice, id, name, kind, signature },
    )
    for (const text of call.early) emit({ type: 'tool-call-delta', block, text })
    call.early = []
  }

  private find(delta: JsonObject): OpenCall {
    const index = typeof delta['index'] === 'number' ? delta['index'] : undefined
    const id = typeof delta['id'] === 'string' && delta['id'] !== '' ? delta['id'] : undefined
    const known = index === undefined ? this.byId(id) : this.calls.findLast((call) => call.index === index)
    const another = known !== undefined && id !== undefined && known.id !== undefined && known.id !== id
    if (known !== undefined && !another) {
      known.id ??= id
      return known
    }
    const call: OpenCall = { index, block: -1, id, name: '', kind: 'json', signature: undefined, early: [] }
    this.calls.push(call)
    return call
  }

  /** Without a number, an id names its call and its absence means the last one. */
  private byId(id: string | undefined): OpenCall | undefined {
    return id === undefined ? this.calls.at(-1) : this.calls.find((call) => call.id === id)
  }
}

function argumentsText(value: unknown): string {
  if (typeof value === 'string') return value
  return isObject(value) ? JSON.stringify(value) : ''
}

function thoughtSignature(delta: JsonObject): string | undefined {
  const content = delta['extra_content']
  const google = isObject(content) && isObject(content['google']) ? content['google'] : undefined
  return typeof google?.['thought_signature'] === 'string' ? google['thought_signature'] : undefined
}
