import { GatewayError } from '../errors/gateway-error.ts'
import { isObject } from '../ir/json.ts'
import { audited, NO_AUDIT, type AuditedDeed, type AuditParts } from '../operations/audited.ts'
import {
  captureView,
  readCaptureWish,
  requireKeyOf,
  startCapture,
  stopCapture,
  type CaptureParts,
} from '../operations/captures.ts'
import { orderedBy } from '../operations/disable-switches.ts'
import type { Exchange } from './exchange.ts'
import type { HttpAppOptions } from './http-app.types.ts'
import { originOf } from './origin-of.ts'
import type { Responder } from './responder.ts'
import type { ColdHandler } from './route-handler.ts'
import type { CallServer } from './serve-call.ts'

export interface CaptureHandlersOptions extends Pick<HttpAppOptions, 'captures' | 'clock' | 'isTrustedProxy'> {
  readonly audit?: AuditParts['audit'] | undefined
  readonly calls: Pick<CallServer, 'receive' | 'receiveOr'>
  readonly responder: Responder
}

/** Bodies that are captured for support: started, ended and listed by admins. There is no way to read them here. */
export function createCaptureHandlers({
  captures,
  audit = NO_AUDIT,
  clock,
  isTrustedProxy,
  calls,
  responder,
}: CaptureHandlersOptions): Record<'listCaptures' | 'startCapture' | 'stopCapture', ColdHandler> {
  const parts = (): CaptureParts => {
    if (captures !== undefined) return captures
    throw new GatewayError(
      'state_unavailable',
      'This gateway has no data directory, so there is nowhere to keep captured bodies.',
    )
  }
  const noted = <Result>(exchange: Exchange, deed: AuditedDeed, act: () => Promise<Result> | Result): Promise<Result> =>
    audited({ audit, clock }, originOf(exchange, isTrustedProxy), deed, act)
  return {
    listCaptures({ exchange }) {
      const found = parts()
      return responder.tell(exchange, { captures: found.captures.list().map((order) => captureView(order, found)) })
    },
    async startCapture({ exchange }) {
      const found = parts()
      const wish = readCaptureWish((await calls.receive(exchange)).value)
      await requireKeyOf(found, wish)
      const by = orderedBy(exchange.principal)
      const { key, forMs, recipients } = wish
      const deed = { action: 'capture.start', subject: { kind: 'capture', id: key }, details: { for_ms: forMs, recipients } }
      const order = await noted(exchange, deed, () => startCapture(found, wish, by))
      return responder.tell(exchange, { capture: captureView(order, found) })
    },
    async stopCapture({ exchange, id }) {
      const found = parts()
      const isDeleted = deletes(await calls.receiveOr(exchange, {}))
      const by = orderedBy(exchange.principal)
      const deed = { action: 'capture.stop', subject: { kind: 'capture', id }, details: { delete: isDeleted } }
      const { capture, was_running } = await noted(exchange, deed, () => stopCapture(found, id, { by, isDeleted }))
      return responder.tell(exchange, { capture: captureView(capture, found), was_running, deleted: isDeleted })
    },
  }
}

function deletes(body: unknown): boolean {
  const wish = isObject(body) ? (body['delete'] ?? false) : undefined
  if (typeof wish === 'boolean') return wish
  throw new GatewayError('invalid_body', 'Expected {"delete": true}, or nothing to keep the bodies until their time is over.', {
    param: 'delete',
  })
}
