import path from 'node:path'
import ts from 'typescript'

/** A property of an SDK type, with the ways to put values there into a whole body. */
export interface SdkProperty {
  /** `TypeName.property`. */
  readonly name: string
  /** Two bodies that differ in this property alone. */
  readonly bodies: () => readonly [unknown, unknown]
}

const FOLDER = path.resolve(import.meta.dir, '../..')
const ENTRY = path.join(FOLDER, 'inventory/entry.ts')

/** The SDK types of which every property is listed. Of Gemini the SDK has the parts of a request, and an answer with helpers of its own. */
const SOURCE = `
import type { ChatCompletionCreateParams, ChatCompletion, ChatCompletionChunk } from 'openai/resources/chat/completions'
import type { ResponseCreateParams, Response, ResponseStreamEvent } from 'openai/resources/responses/responses'
import type { MessageCreateParams, Message, RawMessageStreamEvent } from '@anthropic-ai/sdk/resources/messages/messages'
import type { MessageCreateParams as BetaMessageCreateParams } from '@anthropic-ai/sdk/resources/beta/messages/messages'
import type {
  Content, GenerateContentResponse, GenerationConfig, SafetySetting, ServiceTier, Tool, ToolConfig,
} from '@google/genai'
type GeminiRequest = {
  contents: Content[]
  systemInstruction?: Content
  tools?: Tool[]
  toolConfig?: ToolConfig
  safetySettings?: SafetySetting[]
  generationConfig?: GenerationConfig
  cachedContent?: string
  labels?: Record<string, string>
  serviceTier?: ServiceTier
  store?: boolean
}
type GeminiAnswer = Pick<
  GenerateContentResponse,
  'candidates' | 'createTime' | 'modelStatus' | 'modelVersion' | 'promptFeedback' | 'responseId' | 'usageMetadata'
>
export type Roots = {
  'openai-request': ChatCompletionCreateParams
  'openai-answer': ChatCompletion
  'openai-stream': ChatCompletionChunk
  'responses-request': ResponseCreateParams
  'responses-answer': Response
  'responses-stream': ResponseStreamEvent
  'anthropic-request': MessageCreateParams
  'anthropic-beta-request': BetaMessageCreateParams
  'anthropic-answer': Message
  'anthropic-stream': RawMessageStreamEvent
  'gemini-request': GeminiRequest
  'gemini-answer': GeminiAnswer
  'gemini-stream': GeminiAnswer
}
`

type Json = Record<string, unknown>
type Wrap = (value: unknown) => unknown

/** Values with a meaning of their own, by property: indexes that have to match, ids that have to be found, media that has to be media. */
export interface Samples {
  readonly [property: string]: unknown
}

/**
 * What an object has to hold to mean anything, where the SDK lets everything be left out: by `TypeName`, or by `TypeName.property` for
 * what only that property needs beside it.
 */
export interface Bases {
  readonly [typeOrProperty: string]: Json
}

/** Reads the declarations of the official SDKs. Made once; the compiler is slow to start. */
export class SdkTypes {
  private readonly checker: ts.TypeChecker
  private readonly roots: ts.Type
  private readonly node: ts.Node

  constructor() {
    const options: ts.CompilerOptions = {
      strict: true,
      skipLibCheck: true,
      noEmit: true,
      types: [],
      module: ts.ModuleKind.ESNext,
      moduleResolution: ts.ModuleResolutionKind.Bundler,
      target: ts.ScriptTarget.ESNext,
    }
    const host = ts.createCompilerHost(options)
    const getSourceFile = host.getSourceFile.bind(host)
    const fileExists = host.fileExists.bind(host)
    host.fileExists = (file) => file === ENTRY || fileExists(file)
    host.getSourceFile = (file, ...rest) =>
      file === ENTRY ? ts.createSourceFile(file, SOURCE, ts.ScriptTarget.ESNext, true) : getSourceFile(file, ...rest)
    const program = ts.createProgram([ENTRY], options, host)
    this.checker = program.getTypeChecker()
    this.node = program.getSourceFile(ENTRY)!
    const [roots] = this.checker.getExportsOfModule(this.checker.getSymbolAtLocation(this.node)!)
    this.roots = this.checker.getDeclaredTypeOfSymbol(roots!)
  }

  /** Every property below the root, each once for the type that declares it, nearest to the root first. */
  properties(root: string, samples: Samples, bases: Bases = {}): SdkProperty[] {
    const type = this.checker.getTypeOfSymbolAtLocation(this.roots.getProperty(root)!, this.node)
    return new Walk(this.checker, this.node, { samples, bases }).walk(type)
  }
}

interface Visit {
  readonly type: ts.Type
  readonly name: string
  readonly wrap: Wrap
}

class Walk {
  private readonly checker: ts.TypeChecker
  private readonly node: ts.Node
  private readonly samples: Samples
  private readonly bases: Bases
  private readonly seen = new Set<string>()
  private readonly found: SdkProperty[] = []
  private readonly queue: Visit[] = []
  private next = 0

  constructor(checker: ts.TypeChecker, node: ts.Node, { samples, bases }: { samples: Samples; bases: Bases }) {
    this.checker = checker
    this.node = node
    this.samples = samples
    this.bases = bases
  }

  walk(root: ts.Type): SdkProperty[] {
    this.enqueue(root, 'Root', (value) => value)
    for (let visit = this.queue.shift(); visit !== undefined; visit = this.queue.shift()) this.visit(visit)
    return this.found
  }

  private visit({ type, name, wrap }: Visit): void {
    for (const symbol of this.checker.getPropertiesOfType(type)) {
      const property = symbol.getName()
      const full = `${name}.${property}`
      const propertyType = this.checker.getTypeOfSymbolAtLocation(symbol, this.node)
      const place: Wrap = (value) => {
        const beside = { ...this.minimal(type, 0), ...this.bases[full] }
        return wrap(value === undefined ? without(beside, property) : { ...beside, [property]: value })
      }
      if (!this.seen.has(full) && this.isVariable(propertyType)) {
        this.seen.add(full)
        const isOptional = (symbol.flags & ts.SymbolFlags.Optional) !== 0 && this.baseOf(type)[property] === undefined
        this.found.push({ name: full, bodies: () => this.pair(propertyType, property, isOptional, place) })
      }
      this.enqueue(propertyType, full, place)
    }
  }

  /** Object types inside a property: itself, its members when it is a union, its elements when it is a list. */
  private enqueue(type: ts.Type, fallback: string, wrap: Wrap): void {
    for (const member of membersOf(type)) {
      const element = this.elementOf(member)
      if (element !== undefined) {
        this.enqueue(element, fallback, (value) => wrap([value]))
        continue
      }
      if ((member.flags & ts.TypeFlags.Object) === 0 || this.checker.getPropertiesOfType(member).length === 0) continue
      const name = this.nameOf(member) ?? fallback
      if (this.seen.has(name)) continue
      this.seen.add(name)
      this.queue.push({ type: member, name, wrap })
    }
  }

  /** Both bodies count their values from the same start, so that they differ in nothing else. */
  private pair(type: ts.Type, property: string, isOptional: boolean, place: Wrap): readonly [unknown, unknown] {
    this.next = 0
    const first = this.sample(type, property, 0)
    const second = isOptional ? undefined : this.other(type, property, first)
    const placed = (value: unknown): unknown => {
      this.next = 1_000
      return place(value)
    }
    return [placed(first), placed(second)]
  }

  /** A second value for a property that must be there. */
  private other(type: ts.Type, property: string, first: unknown): unknown {
    const values = membersOf(type).map((member) => this.sample(member, property, 0))
    const different = values.find((value) => JSON.stringify(value) !== JSON.stringify(first))
    return different ?? (typeof first === 'number' ? first + 1 : typeof first === 'string' ? `${first}-other` : undefined)
  }

  /** An object of which everything is optional gets one property: an empty one says what its absence says. */
  private sayingSomething(type: ts.Type, depth: number): Json {
    const object = this.minimal(type, depth)
    const [symbol] = this.checker.getPropertiesOfType(type)
    if (Object.keys(object).length > 0 || symbol === undefined) return object
    return {
      [symbol.getName()]: this.sample(this.checker.getTypeOfSymbolAtLocation(symbol, this.node), symbol.getName(), depth + 1),
    }
  }

  private minimal(type: ts.Type, depth: number): Json {
    const object: Json = { ...this.baseOf(type) }
    for (const symbol of this.checker.getPropertiesOfType(type)) {
      if ((symbol.flags & ts.SymbolFlags.Optional) !== 0) continue
      object[symbol.getName()] = this.sample(
        this.checker.getTypeOfSymbolAtLocation(symbol, this.node),
        symbol.getName(),
        depth + 1,
      )
    }
    return object
  }

  private sample(type: ts.Type, property: string, depth: number): unknown {
    const literal = membersOf(type).find((member) => member.isLiteral())
    if (literal === undefined && property in this.samples) return this.samples[property]
    const members = membersOf(type)
    // The last member: the first one of a list of words, or of forms, is often what its absence means.
    const best =
      members.find((member) => (member.flags & ts.TypeFlags.String) !== 0) ??
      members.findLast((member) => (member.flags & ts.TypeFlags.Null) === 0) ??
      members[0]
    return best === undefined ? null : this.value(best, property, depth)
  }

  private value(type: ts.Type, property: string, depth: number): unknown {
    const { flags } = type
    if (type.isStringLiteral() || type.isNumberLiteral()) return type.value
    if ((flags & ts.TypeFlags.BooleanLiteral) !== 0) return this.checker.typeToString(type) === 'true'
    // `string & {}` is how the SDKs write "or any other word".
    if (type.isIntersection() || (flags & ts.TypeFlags.String) !== 0 || (flags & ts.TypeFlags.TemplateLiteral) !== 0)
      return `kw${String(this.next++).padStart(4, '0')}z`
    if ((flags & ts.TypeFlags.Number) !== 0) return 910_000 + this.next++
    if ((flags & ts.TypeFlags.Null) !== 0) return null
    const element = this.elementOf(type)
    if (element !== undefined) return depth > 4 ? [] : [this.sample(element, property, depth + 1)]
    if ((flags & ts.TypeFlags.Object) === 0 || this.checker.getPropertiesOfType(type).length === 0)
      return { free: `kw${String(this.next++).padStart(4, '0')}z` }
    return depth > 6 ? {} : this.sayingSomething(type, depth + 1)
  }

  private elementOf(type: ts.Type): ts.Type | undefined {
    return this.checker.isArrayLikeType(type) ? this.checker.getTypeArguments(type as ts.TypeReference)[0] : undefined
  }

  /** False for discriminators, whose one value says what the object is. */
  private isVariable(type: ts.Type): boolean {
    const members = membersOf(type).filter((member) => (member.flags & (ts.TypeFlags.Null | ts.TypeFlags.Undefined)) === 0)
    return members.length !== 1 || !members[0]!.isLiteral()
  }

  private baseOf(type: ts.Type): Json {
    return this.bases[this.nameOf(type) ?? ''] ?? {}
  }

  private nameOf(type: ts.Type): string | undefined {
    const symbol = type.aliasSymbol ?? type.getSymbol()
    if (symbol === undefined || symbol.getName().startsWith('__')) return undefined
    return this.checker.getFullyQualifiedName(symbol).replace(/^".*"\./, '')
  }
}

function membersOf(type: ts.Type): ts.Type[] {
  const members = type.isUnion() ? type.types : [type]
  return members.filter((member) => (member.flags & ts.TypeFlags.Undefined) === 0)
}

function without(object: Json, key: string): Json {
  const { [key]: _left, ...rest } = object
  return rest
}
