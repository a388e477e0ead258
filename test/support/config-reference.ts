import { alternatives, configJsonSchema, propertiesOf } from '../../src/config/json-schema.ts'
import { isObject, type JsonObject } from '../../src/ir/json.ts'

const INTRODUCTION = `# Configuration reference

Every key of the configuration file, as the program checks it. \`config/example.yaml\` shows them all at work;
\`switchback config schema\` prints the JSON Schema, which editors use for completion; \`switchback config validate\` checks a file and
tells all its problems at once, with line, expectation and the nearest valid key. This page is generated from the schema.

## Where the configuration comes from

1. \`--config <file>\`
2. \`./switchback.yaml\`
3. \`$XDG_CONFIG_HOME/switchback/config.yaml\` (\`~/.config/switchback/config.yaml\`)
4. no file, and provider keys in the environment: those vendors are served. \`OPENAI_API_KEY\`, \`ANTHROPIC_API_KEY\`, \`OPENROUTER_API_KEY\`,
   \`GROQ_API_KEY\`, \`DEEPSEEK_API_KEY\`, \`MISTRAL_API_KEY\`, \`XAI_API_KEY\`, \`TOGETHER_API_KEY\`, \`CEREBRAS_API_KEY\`, \`FIREWORKS_API_KEY\`;
   \`OPENAI_BASE_URL\` and \`ANTHROPIC_BASE_URL\` name other addresses. A vendor's own model names (\`gpt-…\`, \`claude-…\`, \`grok-…\`) reach that
   vendor, \`provider/model\` reaches any, every other name goes to the first vendor of this list that has a key, and \`mock/echo\` still answers.
5. nothing: the mock answers every model name, as with \`config/quickstart.yaml\`.

Without a file, \`SWITCHBACK_BIND\` and \`SWITCHBACK_API_KEY\` stand in for \`server.bind\` and \`server.api_key\`.
Data is kept in \`--data-dir\`, \`SWITCHBACK_HOME\`, or \`$XDG_STATE_HOME/switchback\` (\`~/.local/state/switchback\`).

## Rules for the whole file

- YAML or JSON. Unknown keys and keys that stand twice are refused. Anchors and \`<<\` merges work.
- \`\${NAME}\` in a text is replaced by an environment variable, which must be set; \`\${NAME:-default}\` has a default; \`$\${\` is a plain \`\${\`.
  A value that is one reference may stand for a number or a truth value. A variable that is set but empty counts as unset.
- A key is named as \`api_key_env: NAME\`; \`key_env\` and \`env\` mean the same everywhere. Written keys work and are better avoided.
- An upstream account whose key is not there is skipped, with a warning that names the variable. A key for *clients* that is not there
  is skipped in the same way, but when no other is left the gateway refuses to start: it would be open.
- A target may name a well-known vendor that is not configured, such as \`anthropic/claude-sonnet-4-5\`: its address and usual variable
  are then used, with a warning.
- Relative paths start at the configuration file; \`~/\` is the home directory.
- Keys of features this version does not have are ignored with a warning, or refused where ignoring them would be unsafe (plugins and
  restrictions).
`

/** The text of docs/reference/config.md. */
export function renderConfigReference(): string {
  const sections = Object.entries(propertiesOf(configJsonSchema())).flatMap(([name, node]) =>
    isObject(node) ? [renderSection(name, node)] : [],
  )
  return `${INTRODUCTION}\n${sections.join('\n')}`
}

function renderSection(name: string, node: JsonObject): string {
  const rows = rowsOf(node, isList(node) ? `${name}[]` : name)
  const places = [...new Set(rows.map(({ place }) => place))]
  const lines = places.map((place) => renderRow(rows.filter((row) => row.place === place)))
  if (lines.length === 0) return `## ${name}\n\n${textOf(node)} Default: \`${JSON.stringify(node['default'])}\`.\n`
  return `## ${name}\n\n${textOf(node)}\n\n| key | value | default | meaning |\n|---|---|---|---|\n${lines.join('\n')}\n`
}

interface Row {
  readonly place: string
  readonly value: string
  readonly fallback: string
  readonly meaning: string
}

/** The branches of a union can have the same key with different meanings; they share a line. */
function renderRow(rows: readonly Row[]): string {
  const all = (pick: (row: Row) => string, joint: string): string =>
    [...new Set(rows.map(pick))].filter((text) => text !== '').join(joint)
  return `| \`${rows[0]?.place}\` | ${all((row) => row.value, ', ')} | ${all((row) => row.fallback, ', ')} | ${all((row) => row.meaning, ' ').replaceAll('|', '\\|')} |`
}

const isList = (node: JsonObject): boolean => isObject(node['items'])

function rowsOf(node: JsonObject, prefix: string): Row[] {
  return alternatives(node).flatMap((alternative) => {
    if (isObject(alternative['items'])) return rowsOf(alternative['items'], prefix)
    const required = new Set(Array.isArray(alternative['required']) ? alternative['required'] : [])
    return Object.entries(propertiesOf(alternative)).flatMap(([key, property]) => {
      if (!isObject(property)) return []
      const place = `${prefix}.${key}`
      const fallback = required.has(key) ? '*required*' : defaultOf(property)
      const row = { place, value: valueOf(property), fallback, meaning: textOf(property) }
      return [row, ...rowsOf(property, isList(property) ? `${place}[]` : place)]
    })
  })
}

const textOf = (node: JsonObject): string => (typeof node['description'] === 'string' ? node['description'] : '')

function defaultOf(node: JsonObject): string {
  const value = node['default']
  return value === undefined || (isObject(value) && Object.keys(value).length === 0) ? '' : `\`${JSON.stringify(value)}\``
}

function valueOf(node: JsonObject): string {
  const names = alternatives(node).map((alternative) => {
    if (Array.isArray(alternative['enum'])) return alternative['enum'].map((value) => `\`${String(value)}\``).join(', ')
    const { const: only, type = 'any' } = alternative
    if (typeof only === 'string') return `\`${only}\``
    if (typeof type !== 'string') return 'any'
    return { string: 'text', integer: 'number', object: 'mapping', array: 'list', boolean: 'true, false' }[type] ?? type
  })
  return [...new Set(names)].join(' or ')
}

if (import.meta.main) process.stdout.write(renderConfigReference())
