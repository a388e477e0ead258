import { GatewayError } from '../errors/gateway-error.ts'

/** A whole number of the query string; undefined when absent. Throws `invalid_body` naming the parameter. */
export function queryNumber(
  query: URLSearchParams,
  name: string,
  range: { readonly least: number; readonly most: number },
): number | undefined {
  const text = query.get(name)
  if (text === null || text === '') return undefined
  const value = Number(text)
  if (Number.isSafeInteger(value) && value >= range.least && value <= range.most) return value
  throw new GatewayError(
    'invalid_body',
    `The query parameter ${name} must be a whole number from ${range.least} to ${range.most}.`,
    { param: name },
  )
}
