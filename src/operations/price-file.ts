import { z } from 'zod'
import { type PriceEntries, priceFileSchema } from '../catalog/prices/prices.schema.ts'
import { describeIssue } from '../config/describe-issue.ts'
import { formatPath } from '../config/problem.ts'
import { GatewayError } from '../errors/gateway-error.ts'
import type { JsonObject } from '../ir/json.ts'

/**
 * Prices out of the text of a price file, each with its own `as_of` where the file gives one. `where` names the file in messages.
 * Throws `config_invalid` that lists every problem.
 */
export function parsePrices(text: string, where: string): PriceEntries {
  let document: unknown
  try {
    document = JSON.parse(text)
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause)
    throw new GatewayError('config_invalid', `The price file ${where} is no valid JSON: ${reason}. Repair it.`, { cause })
  }
  return checkPrices(document, where)
}

/** As `parsePrices`, for a document that has been read already. */
export function checkPrices(document: unknown, where: string): PriceEntries {
  const result = priceFileSchema.safeParse(document)
  if (!result.success) {
    const schema = z.toJSONSchema(priceFileSchema, { io: 'input' }) as JsonObject
    const problems = result.error.issues
      .flatMap((issue) => describeIssue(issue, [], { document, schema }))
      .map(({ path, message }) => ({ path: formatPath(path), message }))
    const lines = problems.map(({ path, message }) => `  ${path === '' ? '' : `${path}: `}${message}`)
    throw new GatewayError(
      'config_invalid',
      `The prices in ${where} are not valid and were not taken over:\n${lines.join('\n')}`,
      {
        details: { problems },
      },
    )
  }
  const { as_of: asOf, prices } = result.data
  if (asOf === undefined) return prices
  return Object.fromEntries(Object.entries(prices).map(([name, entry]) => [name, { as_of: asOf, ...entry }]))
}

/** The operator's prices as the text of a price file, in order of their names. */
export function priceText(prices: PriceEntries): string {
  const sorted = Object.fromEntries(Object.entries(prices).sort(([left], [right]) => (left < right ? -1 : 1)))
  return `${JSON.stringify({ prices: sorted }, undefined, 2)}\n`
}
