import { GatewayError } from '../errors/gateway-error.ts'
import { isObject } from '../ir/json.ts'
import { callGateway, type GatewayAddress } from './call-gateway.ts'
import type { CaptureView } from './captures.ts'

/** An order as somebody types it. */
export interface TypedCapture {
  readonly key: string
  readonly for: string
  readonly recipient: readonly string[] | undefined
}

export async function startCaptureAt(gateway: GatewayAddress, typed: TypedCapture): Promise<CaptureView> {
  const { body } = await callGateway(gateway, { path: '/v1/captures', body: JSON.stringify(typed) })
  return captureIn(gateway, body)
}

export async function stopCaptureAt(
  gateway: GatewayAddress,
  id: string,
  isDeleted: boolean,
): Promise<{ readonly capture: CaptureView; readonly was_running: boolean; readonly deleted: boolean }> {
  const body = JSON.stringify({ delete: isDeleted })
  const reply = await callGateway(gateway, { path: `/v1/captures/${encodeURIComponent(id)}/stop`, body })
  const told = isObject(reply.body) ? reply.body : {}
  return { capture: captureIn(gateway, told), was_running: told['was_running'] === true, deleted: told['deleted'] === true }
}

export async function capturesOf(gateway: GatewayAddress): Promise<readonly CaptureView[]> {
  const { body } = await callGateway(gateway, { path: '/v1/captures' })
  if (isObject(body) && Array.isArray(body['captures'])) return body['captures'] as CaptureView[]
  throw unknownAnswer(gateway)
}

function captureIn(gateway: GatewayAddress, body: unknown): CaptureView {
  const capture: unknown = isObject(body) ? body['capture'] : undefined
  if (isObject(capture) && typeof capture['id'] === 'string') return capture as unknown as CaptureView
  throw unknownAnswer(gateway)
}

const unknownAnswer = ({ url }: GatewayAddress): GatewayError =>
  new GatewayError('upstream_bad_response', `${url} did not answer as expected. Is it a Switchback gateway of this version?`)
