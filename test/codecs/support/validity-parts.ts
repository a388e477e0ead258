import { isObject } from '../../../src/ir/json.ts'

export type Json = Record<string, unknown>

/** What names of tools may be made of. */
export const NAME = /^[A-Za-z0-9_-]{1,64}$/

export const list = (value: unknown): Json[] => (Array.isArray(value) ? value.filter(isObject) : [])

export const innerOf = (part: Json, field: string): Json => (isObject(part[field]) ? part[field] : {})

export function duplicates(values: readonly unknown[]): boolean {
  return new Set(values).size < values.length
}
