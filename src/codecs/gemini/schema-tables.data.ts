import type { SchemaTable } from '../schema-dialect.ts'

/** Say nothing about the values that fit. */
const ANNOTATIONS = ['$schema', '$comment', '$vocabulary', 'deprecated', 'readOnly', 'writeOnly']

/**
 * `parametersJsonSchema` and `responseJsonSchema`. Source: the vendor's reference of `GenerationConfig.responseJsonSchema`, and its
 * guide to structured output for the values of `format`.
 */
export const JSON_SCHEMA_TABLE: SchemaTable = {
  keywords: new Set([
    '$id',
    '$defs',
    '$ref',
    '$anchor',
    'type',
    'format',
    'title',
    'description',
    'enum',
    'items',
    'prefixItems',
    'minItems',
    'maxItems',
    'minimum',
    'maximum',
    'anyOf',
    'oneOf',
    'properties',
    'additionalProperties',
    'required',
    'propertyOrdering',
  ]),
  annotations: new Set(ANNOTATIONS),
  formats: {
    string: new Set(['date-time', 'date', 'time']),
    number: new Set(['float', 'double']),
    integer: new Set(['int32', 'int64']),
  },
  typeLists: 'kept',
  enumValues: new Set(['string', 'number']),
  references: 'alone',
}

/**
 * `parameters` and `responseSchema`, for servers that know nothing newer: a subset of OpenAPI's schema object. Source: the vendor's
 * reference of `Schema`.
 */
export const OPENAPI_TABLE: SchemaTable = {
  keywords: new Set([
    'type',
    'format',
    'title',
    'description',
    'nullable',
    'enum',
    'maxItems',
    'minItems',
    'properties',
    'required',
    'minProperties',
    'maxProperties',
    'minLength',
    'maxLength',
    'pattern',
    'example',
    'anyOf',
    'propertyOrdering',
    'default',
    'items',
    'minimum',
    'maximum',
  ]),
  // Closed objects are the rule there; what references named stands where they stood.
  annotations: new Set([...ANNOTATIONS, '$id', '$anchor', '$defs', 'definitions', 'additionalProperties']),
  formats: {
    string: new Set(['date-time', 'enum']),
    number: new Set(['float', 'double']),
    integer: new Set(['int32', 'int64']),
  },
  typeLists: 'nullable',
  enumValues: 'strings',
  references: 'inlined',
}
