import { describe, expect, test } from 'bun:test'
import { readFileSync } from 'node:fs'
import { isObject, type JsonObject } from '../ir/json.ts'
import { renderConfigReference } from '../../test/support/config-reference.ts'
import { alternatives, configJsonSchema, keysAt, placesOf, propertiesOf } from './json-schema.ts'

const schema = configJsonSchema()
const shipped = (path: string): string => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8')

/** Every property of the schema with its place. */
function properties(node: JsonObject, prefix = ''): { place: string; property: JsonObject }[] {
  return alternatives(node).flatMap((alternative) => {
    const own = Object.entries(propertiesOf(alternative)).flatMap(([name, property]) =>
      isObject(property) ? [{ place: `${prefix}${name}`, property }, ...properties(property, `${prefix}${name}.`)] : [],
    )
    return isObject(alternative['items']) ? [...own, ...properties(alternative['items'], `${prefix}[].`)] : own
  })
}

describe('the JSON Schema of the configuration', () => {
  test('describes every key', () => {
    const all = properties(schema)
    expect(all.length).toBeGreaterThan(100)
    expect(all.filter(({ property }) => typeof property['description'] !== 'string').map(({ place }) => place)).toEqual([])
  })

  test('answers which keys are valid where', () => {
    expect(keysAt(schema, [])).toEqual([
      'server',
      'api_keys',
      'tenants',
      'projects',
      'owners',
      'providers',
      'egress',
      'routes',
      'combos',
      'profiles',
      'policy_tests',
      'state',
      'ledger',
      'retention',
      'telemetry',
      'alerts',
      'capture',
      'vault',
    ])
    expect(keysAt(schema, ['server', 'timeouts'])).toEqual(['connect_ms', 'read_ms', 'first_token_ms', 'total_ms'])
    expect(keysAt(schema, ['providers', 3, 'auth_scheme'])).toEqual(['kind', 'name'])
    expect(keysAt(schema, ['nowhere', 'constructor'])).toEqual([])
    expect(placesOf(schema, 'max_retries')).toEqual(['server.retry.max_retries', 'routes[].retry.max_retries'])
  })

  test('is what docs/reference/config.md was made from', () => {
    // After a change of a schema: tools/bun test/support/config-reference.ts > docs/reference/config.md
    expect(shipped('docs/reference/config.md')).toBe(renderConfigReference())
  })

  test('has every key of the example, or the example has every key', () => {
    const shown = shipped('config/example.yaml')
    const spellings = new Set(['key_env', 'env', 'api_key', 'api_key_env', 'inline', 'key', 'client_secret', 'refresh', 'token'])
    const missing = properties(schema)
      .map(({ place }) => place.split('.').at(-1) ?? '')
      .filter((name) => !spellings.has(name) && !name.endsWith('_vault') && !new RegExp(`\\b${name}:`).test(shown))
    expect([...new Set(missing)]).toEqual([])
  })
})
