import { GatewayError } from '../errors/gateway-error.ts'
import { isObject } from '../ir/json.ts'
import { captureView, readCaptureWish, startCapture, stopCapture, type CaptureParts } from '../operations/captures.ts'
import { orderedBy } from '../operations/disable-switches.ts'
import type { Exchange } from './exchange.ts'
import type { HttpAppOptions } from './http-app.types.ts'
import type { Responder } from './responder.ts'
import type { ColdHandler } from './route-handler.ts'
import type { CallServer } from './serve-call.ts'

export interface CaptureHandlersOptions extends Pick<HttpAppOptions, 'captures'> {
  readonly calls: Pick<CallServer, 'receive'>
  readonly responder: Responder
}

/** Bodies that are captured for support: started, ended and listed by admins. There is no way to read them here. */
export function createCaptureHandlers({
  captures,
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
  const tell = (exchange: Exchange, value: unknown): Response => responder.own(exchange, 200, JSON.stringify(value), [])
  return {
    listCaptures({ exchange }) {
      const found = parts()
      return tell(exchange, { captures: found.captures.list().map((order) => captureView(order, found)) })
    },
    async startCapture({ exchange }) {
      const found = parts()
      const wish = readCaptureWish((await calls.receive(exchange)).value)
      const order = await startCapture(found, wish, orderedBy(exchange.principal))
      return tell(exchange, { capture: captureView(order, found) })
    },
    async stopCapture({ exchange, id }) {
      const found = parts()
      const { body, headers } = exchange.request
      const isEmpty = body === null || headers.get('content-length') === '0'
      const isDeleted = isEmpty ? false : deletes((await calls.receive(exchange)).value)
      const { capture, was_running } = stopCapture(found, id, { by: orderedBy(exchange.principal), isDeleted })
      return tell(exchange, { capture: captureView(capture, found), was_running, deleted: isDeleted })
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
