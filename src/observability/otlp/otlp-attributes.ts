/** A value of an attribute. Undefined ones are left out. */
export type AttributeValue = string | number | boolean | readonly string[] | undefined

/** An attribute in OTLP's JSON. */
export interface OtlpAttribute {
  readonly key: string
  readonly value: unknown
}

/** Names and values in OTLP's JSON. Whole numbers are integers, which JSON carries as text. */
export function otlpAttributes(attributes: Readonly<Record<string, AttributeValue>>): OtlpAttribute[] {
  const list: OtlpAttribute[] = []
  for (const [key, value] of Object.entries(attributes)) if (value !== undefined) list.push({ key, value: otlpValue(value) })
  return list
}

function otlpValue(value: NonNullable<AttributeValue>): unknown {
  if (typeof value === 'string') return { stringValue: value }
  if (typeof value === 'boolean') return { boolValue: value }
  if (typeof value === 'number') return Number.isSafeInteger(value) ? { intValue: String(value) } : { doubleValue: value }
  return { arrayValue: { values: value.map((text) => ({ stringValue: text })) } }
}

/** Unix milliseconds as the nanoseconds that OTLP counts in. */
export const unixNanos = (milliseconds: number): string => `${Math.round(milliseconds * 1000)}000`
