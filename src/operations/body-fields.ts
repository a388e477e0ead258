import { GatewayError } from '../errors/gateway-error.ts'
import { isObject, type JsonObject } from '../ir/json.ts'
import { nearest } from '../lib/nearest.ts'

/** Would move a terminal's cursor, or break a line of a log. */
const UNSEEN = /[\p{Cc}\p{Cf}\u2028\u2029]/u

/** The fields of an order's body: strict, so that nothing is accepted and then ignored. Every refusal is an `invalid_body` that names the field. */
export class BodyFields {
  private readonly values: JsonObject

  /** Throws on a body that is no object, or that holds anything but `known`. */
  constructor(body: unknown, known: readonly string[]) {
    if (!isObject(body)) throw invalidField('The body must be a JSON object.')
    for (const name of Object.keys(body)) {
      if (known.includes(name) || body[name] === undefined) continue
      const close = nearest(name, known)
      const hint = close === undefined ? `Known are ${known.join(', ') || 'none'}.` : `Did you mean ${close}?`
      throw invalidField(`The field \`${name.slice(0, 100)}\` is unknown here. ${hint}`, name.slice(0, 100))
    }
    this.values = body
  }

  /** Whether it is there; `null` counts. */
  has(name: string): boolean {
    return this.values[name] !== undefined
  }

  value(name: string): unknown {
    return this.values[name] ?? undefined
  }

  /** One line of text without what cannot be seen; undefined when absent, null or empty. */
  text(name: string, most: number): string | undefined {
    const value = this.value(name)
    if (value === undefined) return undefined
    if (typeof value !== 'string') throw invalidField(`\`${name}\` must be a text.`, name)
    const text = value.trim()
    if (UNSEEN.test(text)) throw invalidField(`\`${name}\` holds control characters or line breaks. Write it on one line.`, name)
    if (text.length > most) throw invalidField(`\`${name}\` has ${text.length} characters. Keep it to ${most}.`, name)
    return text === '' ? undefined : text
  }

  flag(name: string): boolean {
    const value = this.value(name)
    if (value === undefined || typeof value === 'boolean') return value ?? false
    throw invalidField(`\`${name}\` must be true or false.`, name)
  }
}

export const invalidField = (message: string, param?: string): GatewayError =>
  new GatewayError('invalid_body', message, param === undefined ? {} : { param })
