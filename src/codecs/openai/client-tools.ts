import type { LlmRequest } from '../../ir/request.ts'
import { ToolNames } from '../namespaces.ts'

/** How a call is shown to the client. */
export interface ClientCall {
  readonly name: string
  /** The client knows the tool as a free-form one. */
  readonly custom: boolean
  /** The upstream called an emulation, so the free-form input is inside the arguments. */
  readonly emulated: boolean
}

/** Gives calls of the upstream the names and kinds under which the client defined its tools. */
export class ClientTools {
  private readonly names: ToolNames

  constructor(request: LlmRequest) {
    this.names = new ToolNames(request.tools)
  }

  call(name: string, namespace: string | undefined, kind: 'json' | 'text'): ClientCall {
    if (namespace !== undefined) {
      const wireName = this.names.wireName(name, namespace)
      // A plain tool that was found by tool search is told as one in a namespace of its own name.
      const isPlain = namespace === name && this.names.resolve(wireName).tool === undefined
      if (!isPlain) return { name: wireName, custom: kind === 'text', emulated: false }
    }
    const resolved = this.names.resolve(name)
    const custom = kind === 'text' || resolved.tool?.type === 'custom'
    // Chat knows no namespaces: a tool defined in one keeps its flat name.
    return { name: resolved.namespace === undefined ? resolved.name : name, custom, emulated: custom && kind === 'json' }
  }
}
