import { expect, test } from 'bun:test'
import { readFileSync } from 'node:fs'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { parse } from 'yaml'
import { configJsonSchema } from '../../src/config/json-schema.ts'

const shipped = (path: string): unknown => parse(readFileSync(new URL(`../../config/${path}`, import.meta.url), 'utf8'))

test('a validator of JSON Schema accepts the shipped configurations and refuses what the program refuses', () => {
  const validate = new Ajv2020({ strict: false }).compile(configJsonSchema())
  for (const path of ['quickstart.yaml', 'example.yaml']) {
    validate(shipped(path))
    expect(validate.errors ?? []).toEqual([])
  }
  expect(validate({ servre: {} })).toBe(false)
  expect(validate({ providers: [{ id: 'a', type: 'mokc' }] })).toBe(false)
  expect(validate({ routes: [{ name: 'a', match: { model: 'b' }, targets: [] }] })).toBe(false)
})
