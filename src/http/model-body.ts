import type { RequestBody } from '../engine/engine.ts'
import { passthroughBody, translatedBody } from '../engine/request-body.ts'
import { GatewayError } from '../errors/gateway-error.ts'
import { isObject } from '../ir/json.ts'
import { multipartBoundary, multipartFields } from '../lib/multipart-fields.ts'
import type { Exchange } from './exchange.ts'
import type { CallServer } from './serve-call.ts'

/** A body that names a model, JSON or a form, and can be had with another one in its place. */
export interface ModelBody {
  readonly model: string
  readonly contentType: string
  readonly body: RequestBody
  readonly withModel: (model: string) => string | readonly Uint8Array[]
}

const NO_BLOBS: RequestBody['blobs'] = new Map()

/** Reads a body within the limits, into one buffer. Throws `invalid_body` for one that names no model, or more than one. */
export async function readModelBody(
  exchange: Exchange,
  calls: Pick<CallServer, 'receive' | 'receiveBytes'>,
  defaultModel: string | undefined,
): Promise<ModelBody> {
  const contentType = exchange.request.headers.get('content-type')
  const boundary = multipartBoundary(contentType)
  if (boundary !== undefined && contentType !== null) {
    const bytes = await calls.receiveBytes(exchange)
    return {
      ...formWith(bytes, boundary),
      contentType,
      body: { bytes, blobs: NO_BLOBS, opaqueBytes: bytes.length },
    }
  }
  const { value, body } = await calls.receive(exchange)
  if (!isObject(value)) throw new GatewayError('invalid_body', 'The body must be a JSON object.')
  const given = value['model']
  const model = given ?? defaultModel
  if (typeof model !== 'string' || model === '') throw noModel()
  return {
    model,
    contentType: 'application/json',
    body,
    withModel: (name) =>
      given === undefined
        ? translatedBody({ model: name, ...value }, body)
        : passthroughBody(body, { model: name, addStreamUsage: false }),
  }
}

function formWith(bytes: Uint8Array, boundary: string): Pick<ModelBody, 'model' | 'withModel'> {
  const fields = multipartFields(bytes, boundary)
  if (fields === undefined)
    throw new GatewayError(
      'invalid_body',
      'The body is no form as its content-type says. Send multipart/form-data with a name for each part.',
    )
  const named = fields.filter(({ name }) => name === 'model')
  const [field] = named
  if (field === undefined || named.length > 1 || field.isFile) throw noModel()
  const model = Buffer.from(bytes.subarray(field.start, field.end)).toString()
  // A line break would let the name that goes on begin a field of its own.
  if (model === '' || /[\r\n]/.test(model)) throw noModel()
  return {
    model,
    withModel: (name) => [bytes.subarray(0, field.start), Buffer.from(name), bytes.subarray(field.end)],
  }
}

const noModel = (): GatewayError =>
  new GatewayError('invalid_body', '`model` must be the name of a model, once.', { param: 'model' })
