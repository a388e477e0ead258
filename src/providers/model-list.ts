import { isObject } from '../ir/json.ts'
import type { WireFormat } from '../ir/wire-format.ts'
import type { UnsentRequest } from '../transport/transport.ts'
import type { AccountSettings } from './provider.settings.schema.ts'
import type { Provider } from './provider.types.ts'

/** Where a format's servers list their models, told from the address of a call, and what the list looks like. */
interface ModelList {
  /** The end of the path of a call, in place of which the list is found. */
  readonly call: RegExp
  readonly path: string
  /** Asks for the longest page there is. */
  readonly page?: readonly [name: string, size: string]
  readonly entries: string
  readonly name: string
  /** Whether there are more than this page holds. */
  readonly more: (answer: Readonly<Record<string, unknown>>) => boolean
}

const OPENAI: ModelList = {
  // The older addresses of Azure have no list of deployments.
  call: /(?<!\/deployments\/[^/]+)\/(chat\/completions|responses)$/,
  path: '/models',
  entries: 'data',
  name: 'id',
  more: () => false,
}

const LISTS: Readonly<Partial<Record<WireFormat, ModelList>>> = {
  openai: OPENAI,
  responses: OPENAI,
  anthropic: {
    call: /\/messages$/,
    path: '/models',
    page: ['limit', '1000'],
    entries: 'data',
    name: 'id',
    more: (answer) => answer['has_more'] === true,
  },
  gemini: {
    // A publisher at Vertex AI lists nothing at this place.
    call: /(?<!\/publishers\/[^/]+)\/models\/[^/]+$/,
    path: '/models',
    page: ['pageSize', '1000'],
    entries: 'models',
    name: 'name',
    more: (answer) => typeof answer['nextPageToken'] === 'string',
  },
}

/** Addresses of clouds, which list their models elsewhere and in other words. */
const WITHOUT_LIST = /\/(publishers|deployments)\//

export interface UpstreamModels {
  /** Names as calls write them, in the upstream's order. */
  readonly ids: readonly string[]
  /** Whether the upstream has more than it told. */
  readonly isCut: boolean
}

/** The request for the list of an upstream's models, with the key in it; undefined where its format or address has no such list. */
export function modelListRequest(provider: Provider, account: AccountSettings): UnsentRequest | undefined {
  const { format } = provider.settings
  const list = LISTS[format]
  const call = provider.buildRequest({
    operation: 'generate',
    model: 'any',
    body: '',
    account,
    stream: false,
    clientHeaders: new Headers(),
    clientFormat: format,
  })
  const url = new URL(call.url)
  if (list === undefined || !list.call.test(url.pathname) || WITHOUT_LIST.test(url.pathname)) return undefined
  url.pathname = url.pathname.replace(list.call, list.path)
  if (list.page !== undefined) url.searchParams.set(...list.page)
  const { 'content-type': _type, ...headers } = call.headers
  return { url: url.href, method: 'GET', headers, body: undefined }
}

/** The names in a list of models; undefined when the answer is no such list. */
export function readModelList(format: WireFormat, answer: unknown): UpstreamModels | undefined {
  const list = LISTS[format]
  const entries = list !== undefined && isObject(answer) ? answer[list.entries] : undefined
  if (list === undefined || !isObject(answer) || !Array.isArray(entries)) return undefined
  const ids = entries.flatMap((entry: unknown) => {
    const name = isObject(entry) ? entry[list.name] : undefined
    return typeof name === 'string' ? [name.replace(/^models\//, '')] : []
  })
  return { ids, isCut: list.more(answer) }
}
