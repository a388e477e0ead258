import { createHash } from 'node:crypto'
import type { LlmRequest } from '../ir/request.ts'
import type { CustomTool, FunctionTool, HostedTool, ToolDefinition } from '../ir/tool.ts'

/** What every vendor accepts as the name of a function. */
const VALID_NAME = /^[A-Za-z0-9_-]{1,64}$/
const MAX_LENGTH = 64

/** A name as the client knows it, with the tool it belongs to when the request defines it. */
export interface ResolvedToolName {
  readonly name: string
  readonly namespace?: string | undefined
  readonly tool?: FunctionTool | CustomTool | undefined
}

/** A tool that had to be renamed for a flat list; `tool` is the client's own definition. */
export interface RenamedTool {
  readonly tool: FunctionTool | CustomTool
  readonly wireName: string
}

export interface FlattenedTools {
  readonly tools: (FunctionTool | CustomTool | HostedTool)[]
  /** Namespace tools that were dissolved. */
  readonly namespaces: ToolDefinition[]
  /** Tools outside any namespace whose name no vendor would take. */
  readonly renamed: RenamedTool[]
}

/**
 * The flat names of one request's tools, both ways. A namespaced tool is called `<namespace>__<tool>`; names that are too long,
 * hold foreign characters or collide get a hash. The same tool has the same name in every turn.
 */
export class ToolNames {
  private readonly byWireName = new Map<string, ResolvedToolName>()
  private readonly wireNames = new Map<string, string>()

  constructor(tools: readonly ToolDefinition[] | undefined) {
    if (tools === undefined) return
    // Plain tools first: they keep their names, namespaced ones make way.
    for (const tool of tools) if (tool.type === 'function' || tool.type === 'custom') this.add(tool, undefined)
    for (const tool of tools) if (tool.type === 'namespace') this.addNested(tool.tools, tool.name)
  }

  /** The name to write towards a target without namespaces. */
  wireName(name: string, namespace?: string): string {
    return this.wireNames.get(keyOf(name, namespace)) ?? flatName(name, namespace)
  }

  /** The client's own name behind one that a model used; names no tool has come back unchanged. */
  resolve(wireName: string): ResolvedToolName {
    const known = this.byWireName.get(wireName)
    if (known !== undefined) return known
    // Vendors that want a letter first got the name behind an underscore.
    return (wireName.startsWith('_') ? this.byWireName.get(wireName.slice(1)) : undefined) ?? { name: wireName }
  }

  private addNested(tools: readonly ToolDefinition[], namespace: string): void {
    for (const tool of tools) {
      if (tool.type === 'function' || tool.type === 'custom') this.add(tool, namespace)
      else if (tool.type === 'namespace') this.addNested(tool.tools, `${namespace}__${tool.name}`)
    }
  }

  private add(tool: FunctionTool | CustomTool, namespace: string | undefined): void {
    const key = keyOf(tool.name, namespace)
    if (this.wireNames.has(key)) return
    const flat = flatName(tool.name, namespace)
    const wireName = this.byWireName.has(flat) ? hashedName(flat, key) : flat
    this.wireNames.set(key, wireName)
    this.byWireName.set(wireName, namespace === undefined ? { name: tool.name, tool } : { name: tool.name, namespace, tool })
  }
}

/** Dissolves namespaces into a flat list of tools with names that every vendor accepts. Tools that need no change stay the same objects. */
export function flattenNamespaces(tools: readonly ToolDefinition[], names: ToolNames = new ToolNames(tools)): FlattenedTools {
  const flattened: FlattenedTools = { tools: [], namespaces: [], renamed: [] }
  for (const tool of tools) flattenInto(tool, undefined, names, flattened)
  return flattened
}

/** The client's own name (and tool) behind a name that a model used, split into namespace and name. */
export function resolveToolName(request: LlmRequest, wireName: string): ResolvedToolName {
  return new ToolNames(request.tools).resolve(wireName)
}

function flattenInto(tool: ToolDefinition, namespace: string | undefined, names: ToolNames, into: FlattenedTools): void {
  if (tool.type === 'hosted') {
    into.tools.push(tool)
    return
  }
  if (tool.type === 'namespace') {
    into.namespaces.push(tool)
    for (const nested of tool.tools)
      flattenInto(nested, namespace === undefined ? tool.name : `${namespace}__${tool.name}`, names, into)
    return
  }
  const wireName = names.wireName(tool.name, namespace)
  if (wireName === tool.name) {
    into.tools.push(tool)
    return
  }
  if (namespace === undefined) into.renamed.push({ tool, wireName })
  into.tools.push({ ...tool, name: wireName })
}

function flatName(name: string, namespace: string | undefined): string {
  const joined = namespace === undefined ? name : `${namespace}__${name}`
  return VALID_NAME.test(joined) ? joined : hashedName(joined, keyOf(name, namespace))
}

function hashedName(readable: string, key: string): string {
  const hash = createHash('sha256').update(key).digest('hex').slice(0, 8)
  return `${readable.replace(/[^A-Za-z0-9_-]/g, '_').slice(0, MAX_LENGTH - 9)}_${hash}`
}

function keyOf(name: string, namespace: string | undefined): string {
  return namespace === undefined ? name : `${namespace}\u0000${name}`
}
