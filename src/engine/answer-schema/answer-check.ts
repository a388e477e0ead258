import { toolInputText } from '../../codecs/tool-input.ts'
import { GatewayError } from '../../errors/gateway-error.ts'
import type { ToolCallPart } from '../../ir/content.ts'
import type { Diagnostic } from '../../ir/diagnostic.ts'
import type { LlmRequest } from '../../ir/request.ts'
import type { LlmResponse, ResponseChoice } from '../../ir/response.ts'
import type { AnswerSchemaPolicy } from '../../ir/snapshot.ts'
import type { Target } from '../../ir/target.ts'
import type { ToolDefinition } from '../../ir/tool.ts'
import { loadPatterns, type CompilePattern } from '../../lib/linear-pattern.ts'
import type { ClientHeaders } from '../attempt-result.ts'
import type { Call } from '../engine.ts'
import { checkSchema, type SchemaVerdict } from './check-schema.ts'

/** A schema of the client's, and where it stands in its body. */
interface AskedSchema {
  readonly schema: unknown
  readonly path: string
}

/** What the client asked for: of the text of an answer, and of the arguments of calls by the name of their tool. */
interface AskedSchemas {
  readonly text: AskedSchema | undefined
  readonly tools: ReadonlyMap<string, AskedSchema>
}

/** Longer ones are not checked. */
const LONGEST_TEXT = 1024 * 1024

/** `answer` as a whole: `unchecked` where no constraint is broken, but not all could be looked at. */
export type AnswerSchemaResult = 'valid' | 'invalid' | 'unchecked'

/** Compares one answer with the schemas that the client sent, after vendors that may not have kept to them. */
export class AnswerCheck {
  /** Undefined until an answer was taken that has something to be checked. */
  result: AnswerSchemaResult | undefined = undefined
  /** What is not as it was asked for, or could not be told. */
  findings: readonly Diagnostic[] = []
  private readonly asked: AskedSchemas
  private readonly isStrict: boolean
  private readonly target: Target
  private readonly compile: CompilePattern

  constructor(asked: AskedSchemas, { isStrict }: AnswerSchemaPolicy, target: Target, compile: CompilePattern) {
    this.asked = asked
    this.isStrict = isStrict
    this.target = target
    this.compile = compile
  }

  take({ choices }: LlmResponse): void {
    for (const choice of choices) this.takeChoice(choice)
  }

  /** The answer is not looked at. */
  giveUp(why: 'is too long to be checked by its schema' | 'cannot be read'): void {
    this.note('unchecked', this.asked.text?.path ?? '', `the answer ${why}`)
  }

  /** Why the client does not get the answer; undefined where it does. */
  get refusal(): GatewayError | undefined {
    if (!this.isStrict || this.result !== 'invalid') return undefined
    const places = this.findings.map(({ path }) => path).slice(0, 3)
    return new GatewayError(
      'answer_schema_mismatch',
      `The answer of ${this.target.id} does not keep to the JSON Schema at ${places.join(', ')}, and strict_answer_schema is set. Ask again, or a target that enforces schemas.`,
      { target: this.target.id, details: { places } },
    )
  }

  private takeChoice({ content, finish }: ResponseChoice): void {
    const calls = content.filter((part) => part.type === 'tool-call')
    for (const call of calls) this.takeCall(call)
    const { text } = this.asked
    if (text === undefined || calls.length > 0) return
    if (finish.unified === 'length')
      this.note('unchecked', text.path, 'the answer was cut off before it could keep to its schema')
    else if (finish.unified === 'stop')
      this.takeText(content.map((part) => (part.type === 'text' ? part.text : '')).join(''), text)
  }

  private takeCall({ name, namespace, input }: ToolCallPart): void {
    const asked = this.asked.tools.get(nameOf(name, namespace))
    // Tools without arguments are called with nothing at all.
    if (asked !== undefined && input.kind === 'json') this.takeText(toolInputText(input) || '{}', asked)
  }

  private takeText(text: string, { schema, path }: AskedSchema): void {
    if (text.length > LONGEST_TEXT) return this.giveUp('is too long to be checked by its schema')
    let value: unknown
    try {
      value = JSON.parse(text)
    } catch {
      return this.note('invalid', path, 'what should keep to this schema is no JSON')
    }
    this.takeVerdict(checkSchema(schema, value, this.compile), path)
  }

  private takeVerdict(verdict: SchemaVerdict, path: string): void {
    switch (verdict.kind) {
      case 'valid':
        this.result ??= 'valid'
        return
      case 'invalid':
        for (const keyword of verdict.keywords)
          this.note('invalid', path + keyword, 'the answer does not keep to what stands here')
        return
      case 'unknown':
        this.note('unchecked', path + verdict.keyword, 'nobody checks what stands here, and all that is checked holds')
        return
      case 'costly':
        this.note('unchecked', path, 'it would take too long to check the answer by this schema')
    }
  }

  private note(result: AnswerSchemaResult, path: string, message: string): void {
    if (this.result !== 'invalid') this.result = result
    this.findings = [...this.findings, { severity: 'lost', code: 'schema_constraint', path, message }]
  }
}

/** Headers of a whole answer that was checked. Throws where the client does not get it. */
export function checkedHeaders(headers: ClientHeaders, { refusal, result }: AnswerCheck): ClientHeaders {
  if (refusal !== undefined) throw refusal
  return result === undefined ? headers : [...headers, ['x-switchback-schema', result]]
}

/** Losses after which nobody but the gateway looks after a schema. */
const LOOSE: ReadonlySet<string> = new Set(['response_format.json_schema', 'tools.schema', 'tools.function_strict'])
const isLoose = ({ code, severity }: Diagnostic): boolean =>
  code === 'schema_constraint' || (severity === 'lost' && LOOSE.has(code))

/** The check that the route wants of an answer to this request; undefined where it has nothing to check. `diagnostics` are those of its translation. */
export async function answerCheckOf(
  policy: AnswerSchemaPolicy,
  call: Pick<Call, 'endpoint' | 'request'>,
  target: Target,
  diagnostics: readonly Diagnostic[],
): Promise<AnswerCheck | undefined> {
  if (call.endpoint !== undefined || (policy.when === 'downleveled' && !diagnostics.some(isLoose))) return undefined
  const asked = askedSchemas(call.request)
  if (asked.text === undefined && asked.tools.size === 0) return undefined
  return new AnswerCheck(asked, policy, target, await loadPatterns())
}

function askedSchemas({ responseFormat, tools = [] }: LlmRequest): AskedSchemas {
  const found = new Map<string, AskedSchema>()
  addTools(found, tools, undefined)
  if (responseFormat?.type !== 'json-schema') return { text: undefined, tools: found }
  return { text: { schema: responseFormat.schema, path: responseFormat.schemaPath ?? '' }, tools: found }
}

function addTools(found: Map<string, AskedSchema>, tools: readonly ToolDefinition[], namespace: string | undefined): void {
  for (const tool of tools) {
    if (tool.type === 'namespace') addTools(found, tool.tools, tool.name)
    else if (tool.type === 'function' && tool.parameters !== undefined)
      found.set(nameOf(tool.name, namespace), { schema: tool.parameters, path: tool.parametersPath ?? tool.path ?? '' })
  }
}

const nameOf = (name: string, namespace: string | undefined): string => `${namespace ?? ''}\n${name}`
