import type { z } from 'zod'
import { isObject, type JsonObject } from '../ir/json.ts'
import type { ConfigParts, Located } from './compile-context.ts'
import { unknownKey, type IssueContext } from './describe-issue.ts'
import type { Environment } from './env.ts'
import { expandDocument } from './expand-document.ts'
import { configJsonSchema } from './json-schema.ts'
import { setAsideLaterKeys } from './later-keys.ts'
import { setAsideLaterKinds } from './later-kinds.ts'
import { parseLeniently } from './parse-leniently.ts'
import type { ConfigNotes } from './problem.ts'
import { LIST_SCHEMAS, SECTION_SCHEMAS } from './schema.ts'
import { describeFound } from './secrecy.ts'

/**
 * Reads a document, section by section and entry by entry, so that one mistake hides no other. What could not be read is noted and
 * left out. `document` is plain data as it comes out of YAML or from a caller.
 */
export function readParts(document: unknown, env: Environment, notes: ConfigNotes): ConfigParts {
  const context = issueContext(document)
  const known = topLevel(document, notes)
  const expanded = expandDocument(known, {
    env,
    notes,
    get schema() {
      return context.schema
    },
  })
  const effective = setAsideLaterKinds(setAsideLaterKeys(expanded, notes), notes)
  const root = isObject(effective) ? effective : {}
  tellUnknownSections(root, notes, context)
  const reader: Reader = { root, notes, context }
  return {
    server: readSection('server', SECTION_SCHEMAS.server, reader),
    state: readSection('state', SECTION_SCHEMAS.state, reader),
    ledger: readSection('ledger', SECTION_SCHEMAS.ledger, reader),
    retention: readSection('retention', SECTION_SCHEMAS.retention, reader),
    telemetry: readSection('telemetry', SECTION_SCHEMAS.telemetry, reader),
    alerts: readSection('alerts', SECTION_SCHEMAS.alerts, reader),
    capture: readSection('capture', SECTION_SCHEMAS.capture, reader),
    vault: readSection('vault', SECTION_SCHEMAS.vault, reader),
    apiKeys: readList('api_keys', LIST_SCHEMAS.api_keys, reader),
    tenants: distinctById(readList('tenants', LIST_SCHEMAS.tenants, reader), notes),
    projects: readList('projects', LIST_SCHEMAS.projects, reader),
    owners: distinctById(readList('owners', LIST_SCHEMAS.owners, reader), notes),
    providers: readList('providers', LIST_SCHEMAS.providers, reader),
    egress: readList('egress', LIST_SCHEMAS.egress, reader),
    routes: readList('routes', LIST_SCHEMAS.routes, reader),
    combos: readList('combos', LIST_SCHEMAS.combos, reader),
    profiles: readList('profiles', LIST_SCHEMAS.profiles, reader),
    policyTests: readList('policy_tests', LIST_SCHEMAS.policy_tests, reader),
    declaredProviders: declaredIds(document),
  }
}

/** The schema is made when the first mistake is described: a clean configuration, and so a quick start, does without. */
function issueContext(document: unknown): IssueContext {
  let schema: JsonObject | undefined
  return {
    document,
    get schema() {
      return (schema ??= configJsonSchema())
    },
  }
}

interface Reader {
  readonly root: JsonObject
  readonly notes: ConfigNotes
  readonly context: IssueContext
}

/** An empty file is an empty mapping. */
function topLevel(document: unknown, notes: ConfigNotes): JsonObject {
  if (isObject(document)) return document
  if (document !== null && document !== undefined) {
    notes.problem(
      [],
      `The configuration must be a mapping with keys such as \`providers\` and \`routes\`, found ${describeFound(document, ['key'])}.`,
      { expected: 'a mapping' },
    )
  }
  return {}
}

function tellUnknownSections(root: JsonObject, notes: ConfigNotes, context: IssueContext): void {
  const known: readonly string[] = [...Object.keys(SECTION_SCHEMAS), ...Object.keys(LIST_SCHEMAS)]
  for (const key of Object.keys(root)) if (!known.includes(key)) notes.problems.push(unknownKey(key, [], context))
}

function readSection<Schema extends z.ZodType>(key: string, schema: Schema, { root, notes, context }: Reader): z.output<Schema> {
  // A section with nothing in it (`server:` alone) is the same as one that is left out.
  const value = root[key] ?? undefined
  const part = parseLeniently(schema, { value, path: [key] }, notes, context)
  return part ?? schema.parse(undefined)
}

function readList<Schema extends z.ZodType>(
  key: string,
  schema: Schema,
  { root, notes, context }: Reader,
): Located<z.output<Schema>>[] {
  const list = root[key] ?? []
  // Combos may be a mapping, as their names are all that tells them apart.
  if (key === 'combos' && isObject(list)) {
    return Object.entries(list).flatMap(([name, value]) => {
      const path = [key, name]
      if (!/^[^/\s]+$/.test(name)) {
        notes.problem(path, 'The name of a combo holds no slashes and no spaces: clients call it as `combo/<name>`.', {
          atKey: true,
        })
        return []
      }
      const part = parseLeniently(schema, { value: isObject(value) ? { name, ...value } : value, path }, notes, context)
      return part === undefined ? [] : [{ value: part, path }]
    })
  }
  if (!Array.isArray(list)) {
    const found = describeFound(list, [key])
    notes.problem([key], `Expected a list, found ${found}. Put every entry on a line of its own, beginning with \`- \`.`, {
      expected: 'a list',
      found,
    })
    return []
  }
  return list.flatMap((value: unknown, index) => {
    // Entries that were refused before are undefined.
    if (value === undefined) return []
    const path = [key, index]
    const part = parseLeniently(schema, { value, path }, notes, context)
    return part === undefined ? [] : [{ value: part, path }]
  })
}

function distinctById<Part extends { readonly id: string }>(list: Located<Part>[], notes: ConfigNotes): Located<Part>[] {
  const seen = new Set<string>()
  for (const { value, path } of list) {
    if (seen.has(value.id)) notes.problem([...path, 'id'], `Two entries are named ${value.id}. Give each its own id.`)
    seen.add(value.id)
  }
  return list
}

/** Ids as written, so that an unreadable provider does not make its targets look wrong as well. */
function declaredIds(document: unknown): ReadonlySet<string> {
  const providers = isObject(document) && Array.isArray(document['providers']) ? document['providers'] : []
  return new Set(
    providers.flatMap((provider: unknown) => (isObject(provider) && typeof provider['id'] === 'string' ? [provider['id']] : [])),
  )
}
