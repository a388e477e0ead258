import Ajv, { type ErrorObject, type ValidateFunction } from 'ajv'
import { existsSync, readFileSync } from 'node:fs'
import path from 'node:path'

const FILE = path.resolve(import.meta.dir, '../../../../shared/data/openai-openapi.json')

export const WITHOUT_SCHEMA = 'skipped when ../shared/data/openai-openapi.json is absent'
export const hasSchema = existsSync(FILE)

type Json = Record<string, unknown>

/**
 * The schemas that OpenAI publishes. Three things are read more loosely than they are written: `oneOf` as `anyOf`, because members of
 * several unions overlap; `nullable`, which is of an older dialect, as a union with null; formats not at all.
 */
export class OpenaiSchema {
  private readonly ajv = new Ajv({ strict: false, validateFormats: false, logger: false })
  private readonly schemas: Readonly<Record<string, Json>>
  private readonly compiled = new Map<string, ValidateFunction>()
  private readonly events = new Map<string, string>()

  constructor() {
    const document = loosened(JSON.parse(readFileSync(FILE, 'utf8'))) as { components: { schemas: Record<string, Json> } }
    this.schemas = document.components.schemas
    this.ajv.addSchema(document, 'openai')
    for (const member of membersOf(this.schemas['ResponseStreamEvent'])) {
      const type = ((this.schemas[member]?.['properties'] as Json | undefined)?.['type'] as { enum?: string[] } | undefined)
        ?.enum?.[0]
      if (type !== undefined) this.events.set(type, member)
    }
  }

  /** What the schema of that name objects to; empty for a valid value. */
  problems(name: string, value: unknown): string[] {
    let validate = this.compiled.get(name)
    if (validate === undefined) {
      if (this.schemas[name] === undefined) return [`there is no schema ${name}`]
      validate = this.ajv.compile({ $ref: `openai#/components/schemas/${name}` })
      this.compiled.set(name, validate)
    }
    validate(value)
    const errors = validate.errors ?? []
    const others = errors
      .filter(({ keyword, instancePath }) => keyword === 'enum' && instancePath.endsWith('/type'))
      .map(schemaOf)
    // Of a union, only what the member of the value's own type objects to tells anything.
    const telling = errors.filter((error) => error.keyword !== 'anyOf' && !others.includes(schemaOf(error)))
    const shown = telling.length > 0 ? telling : errors
    return [...new Set(shown.map((error) => `${error.instancePath} ${error.message ?? ''}`))]
  }

  /** The same for one event of a Responses stream, whose schema is found by its type. */
  eventProblems(event: Json): string[] {
    const name = this.events.get(String(event['type']))
    return name === undefined ? [`there is no event ${String(event['type'])}`] : this.problems(name, event)
  }
}

const schemaOf = ({ schemaPath }: ErrorObject): string => /schemas\/\w+/.exec(schemaPath)?.[0] ?? schemaPath

function membersOf(union: Json | undefined): string[] {
  return ((union?.['anyOf'] ?? []) as Json[]).map((member) => String(member['$ref']).split('/').at(-1)!)
}

function loosened(node: unknown): unknown {
  if (Array.isArray(node)) return node.map(loosened)
  if (typeof node !== 'object' || node === null) return node
  const { nullable, oneOf, discriminator: _discriminator, ...rest } = node as Json
  const copy = Object.fromEntries(Object.entries(rest).map(([key, value]) => [key, loosened(value)]))
  if (oneOf !== undefined) copy['anyOf'] = loosened(oneOf)
  return nullable === true ? { anyOf: [copy, { type: 'null' }] } : copy
}
