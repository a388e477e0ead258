import { ForwardUse, type ForwardUseOptions } from '../engine/endpoints/forward-use.ts'
import { GatewayError } from '../errors/gateway-error.ts'
import { isObject } from '../ir/json.ts'
import type { EndpointNeed } from '../ir/question.ts'
import type { WireFormat } from '../ir/wire-format.ts'
import type { EndpointFacts, EndpointServer } from './endpoint-server.ts'
import type { Exchange } from './exchange.ts'
import { readForwardBody, type ForwardBodyOptions } from './forward-body.ts'
import type { HttpAppOptions } from './http-app.types.ts'
import { accountsOf, keeperOf } from './keeper.ts'
import type { ColdHandler } from './route-handler.ts'
import type { StoredObjectRouteName } from './routes.ts'
import type { CallServer } from './serve-call.ts'

export interface StoredObjectHandlersOptions extends Pick<HttpAppOptions, 'codecs' | 'snapshot'>, ForwardBodyOptions {
  readonly calls: Pick<CallServer, 'receive' | 'receiveBytes'>
  readonly endpoints: EndpointServer
}

type Kind = 'files' | 'batches'
type Asked = Pick<ForwardUseOptions, 'object' | 'need' | 'path'> & Partial<ForwardUseOptions>

const NO_BODY = { bytes: new Uint8Array(0), blobs: new Map<string, Uint8Array>() }
/** What ids of vendors look like; anything else is in no address. */
const ID = /^[A-Za-z0-9][\w.-]{0,255}$/

/**
 * Files and batches. They are kept by one account of one provider, which is remembered for whoever made them; everybody else is told that
 * they do not exist.
 */
export function createStoredObjectHandlers(options: StoredObjectHandlersOptions): Record<StoredObjectRouteName, ColdHandler> {
  const { endpoints } = options
  const serve =
    (kind: Kind, ask: (exchange: Exchange, id: string, query: URLSearchParams) => Asked | Promise<Asked>): ColdHandler =>
    ({ exchange, id, query }) =>
      endpoints.serve(exchange, kind, async () => {
        if (exchange.format !== 'openai') throw anotherApi(kind, exchange.format)
        return factsOf(exchange, kind, await ask(exchange, id, query), options)
      })
  const about = (kind: Kind, rest = ''): ColdHandler =>
    serve(kind, (_exchange, id) => ({
      object: known(id),
      need: { offers: [kind] },
      path: `/${kind}/${id}${rest}`,
      namesOf: idsOf,
    }))
  const list = (kind: Kind): ColdHandler =>
    serve(kind, (exchange, _id, query) => ({ need: listedAt(kind, exchange, options), path: `/${kind}`, query, isList: true }))
  return {
    uploadFile: serve('files', async (exchange) => {
      const need = madeAt('files', exchange, options)
      const { forward, contentType } = await readForwardBody(exchange, options)
      return { need, path: '/files', contentType, body: () => forward, namesOf: idsOf }
    }),
    listFiles: list('files'),
    getFile: about('files'),
    deleteFile: about('files'),
    fileContent: serve('files', (_exchange, id) => ({
      object: known(id),
      need: { offers: ['files'] },
      path: `/files/${id}/content`,
    })),
    createBatch: serve('batches', async (exchange) => {
      const { value, body } = await options.calls.receive(exchange)
      const file = isObject(value) ? value['input_file_id'] : undefined
      if (typeof file !== 'string')
        throw new GatewayError('invalid_body', '`input_file_id` must be the id of a file.', { param: 'input_file_id' })
      return {
        object: known(file),
        need: { offers: ['batches'] },
        path: '/batches',
        contentType: 'application/json',
        body: () => body.bytes,
        namesOf: idsOf,
      }
    }),
    listBatches: list('batches'),
    getBatch: about('batches'),
    cancelBatch: about('batches', '/cancel'),
  }
}

function factsOf(exchange: Exchange, kind: Kind, asked: Asked, { codecs }: StoredObjectHandlersOptions): EndpointFacts {
  const { method, headers } = exchange.request
  const endpoint = new ForwardUse({
    operation: kind,
    happensOnce: method !== 'GET' && method !== 'HEAD',
    method,
    where: 'endpoint',
    headers,
    clientFormat: 'openai',
    body: () => undefined,
    ...asked,
  })
  return { codec: codecs.openai, body: NO_BODY, request: { model: kind }, endpoint }
}

/** Other vendors have addresses of the same name that mean something else. */
const anotherApi = (kind: Kind, format: WireFormat): GatewayError =>
  new GatewayError(
    'endpoint_unsupported',
    `Here are the ${kind} of OpenAI's API. Those of clients of format ${format} are reached under /passthrough/{provider}/….`,
  )

function known(id: string): string {
  if (ID.test(id)) return id
  throw new GatewayError('object_not_found', 'This is no id of a file or batch.')
}

const madeAt = (kind: Kind, { request, principal }: Exchange, { snapshot }: StoredObjectHandlersOptions): EndpointNeed => ({
  offers: [kind],
  provider: keeperOf(kind, request.headers, principal, snapshot()),
})

/** A list of one account is not the list of all. */
function listedAt(kind: Kind, exchange: Exchange, options: StoredObjectHandlersOptions): EndpointNeed {
  const need = madeAt(kind, exchange, options)
  if (accountsOf(need.provider, options.snapshot()) === 1) return need
  throw new GatewayError(
    'endpoint_unsupported',
    `Provider ${need.provider} has several accounts, and a list would show the ${kind} of one. Ask for each by its id.`,
  )
}

const ID_FIELDS = ['id', 'output_file_id', 'error_file_id'] as const

/** Ids that an answer names: of what it is about, and of files that a batch has made. */
function idsOf(answer: unknown): string[] {
  if (!isObject(answer)) return []
  return ID_FIELDS.flatMap((field) => {
    const id = answer[field]
    return typeof id === 'string' && ID.test(id) ? [id] : []
  })
}
