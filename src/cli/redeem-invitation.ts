import { GatewayError } from '../errors/gateway-error.ts'
import { isObject, type JsonObject } from '../ir/json.ts'
import type { CliContext } from './cli-context.ts'
import type { CommonOptions } from './common-options.ts'

/** Fetches the key of an invitation. Whoever does has no key yet, so it asks without one. */
export async function redeem(context: CliContext, given: string, { url }: CommonOptions): Promise<JsonObject> {
  if (url === undefined) throw new GatewayError('invalid_body', 'Name the gateway the invitation is of: --url http://host:port')
  const { callGateway } = await import('../operations/call-gateway.ts')
  const invitation = given === '-' ? (await context.readText('-')).trim() : given
  const gateway = { url, apiKey: undefined, fetch: context.fetch }
  const { body } = await callGateway(gateway, {
    path: '/v1/invitations/redeem',
    body: JSON.stringify({ invitation }),
    isPublic: true,
  })
  if (isObject(body)) return body
  throw new GatewayError(
    'upstream_bad_response',
    `${url} did not answer as a gateway does. Is it a Switchback gateway of this version?`,
  )
}
