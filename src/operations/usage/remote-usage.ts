import { GatewayError } from '../../errors/gateway-error.ts'
import { isObject } from '../../ir/json.ts'
import { callGateway, type GatewayAddress } from '../call-gateway.ts'
import type { UsageSource } from './usage-desk.ts'
import type { UsageParameters } from './usage-query.ts'

/** The ledger of a running gateway, asked through its own interface. */
export function createRemoteUsage(gateway: GatewayAddress): UsageSource {
  async function ask<Answer extends { readonly schema: string }>(
    schema: Answer['schema'],
    path: string,
    body?: unknown,
  ): Promise<Answer> {
    const answer = await callGateway(gateway, { path, body: body === undefined ? undefined : JSON.stringify(body) })
    if (isObject(answer.body) && answer.body['schema'] === schema) return answer.body as unknown as Answer
    throw new GatewayError(
      'upstream_bad_response',
      `${gateway.url} did not answer with its usage. Is it a Switchback gateway of this version?`,
    )
  }
  return {
    report: (parameters) => ask('switchback.usage/v1', `/v1/usage${queryOf(parameters)}`),
    events: (parameters) => ask('switchback.usage-events/v1', `/v1/usage/events${queryOf(parameters)}`),
    reconcile: (parameters) => ask('switchback.reconcile/v1', `/v1/usage/reconcile${queryOf(parameters)}`),
    reprice: (parameters) => ask('switchback.reprice/v1', '/v1/usage/reprice', parameters),
    compareInvoice: (body) => ask('switchback.invoice/v1', '/v1/usage/import', body),
    async close() {
      // Nothing is held open between calls.
    },
  }
}

function queryOf(parameters: UsageParameters): string {
  const given = Object.entries(parameters).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]]))
  return given.length === 0 ? '' : `?${new URLSearchParams(given)}`
}
