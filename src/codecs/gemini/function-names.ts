import type { ToolNames } from '../namespaces.ts'

/** Names the API takes. Source: the vendor's reference of `FunctionDeclaration`. */
const VALID_NAME = /^[A-Za-z_][A-Za-z0-9_.:-]{0,127}$/

/** Names of functions on the wire: the client's own where that is valid, else its flat form. */
export class FunctionNames {
  private readonly names: ToolNames

  constructor(names: ToolNames) {
    this.names = names
  }

  wireName(name: string, namespace?: string): string {
    if (namespace === undefined && VALID_NAME.test(name)) return name
    const flat = this.names.wireName(name, namespace)
    // Every vendor takes the flat form; this one wants a letter or an underscore first, which `ToolNames` takes off again.
    return VALID_NAME.test(flat) ? flat : `_${flat}`
  }
}
