import type { Endpoint } from '../../ir/endpoint.ts'
import type { EndpointNeed } from '../../ir/question.ts'
import type { WireFormat } from '../../ir/wire-format.ts'
import type { ForwardOptions, UpstreamBody } from '../../providers/provider.types.ts'
import { isObject } from '../../ir/json.ts'
import { StreamFacts } from '../stream-facts.ts'
import { parseJson } from '../whole-answer.ts'
import { ForwardTransform } from './forward-transform.ts'
import type { EndpointPlace, EndpointReading, EndpointUse, PassingBody, PreparedEndpoint } from './endpoint-use.ts'
import { ToldUsage } from './told-usage.ts'

export interface ForwardUseOptions extends Pick<ForwardOptions, 'method' | 'path' | 'where' | 'query' | 'contentType'> {
  readonly operation: Endpoint
  readonly need: EndpointNeed
  readonly object?: string | undefined
  /** Something is made or changed by it. */
  readonly happensOnce: boolean
  /** Ids of files and batches that the answer, JSON then, names. */
  readonly namesOf?: ((answer: unknown) => readonly string[]) | undefined
  /** The answer lists files or batches, of which the caller sees its own. */
  readonly isList?: boolean | undefined
  readonly headers: Headers
  readonly clientFormat: WireFormat
  /** The body for a model; undefined where there is none. */
  readonly body: (model: string) => UpstreamBody | PassingBody | undefined
}

/** A call that goes on as its client made it, but for the name of its model. Nobody can tell beforehand that its answer says what it used. */
export class ForwardUse implements EndpointUse {
  readonly operation: Endpoint
  readonly need: EndpointNeed
  readonly object: string | undefined
  readonly happensOnce: boolean
  readonly isMetered = false
  isSpent = false
  passing: PassingBody | undefined = undefined
  private readonly options: ForwardUseOptions

  constructor(options: ForwardUseOptions) {
    this.operation = options.operation
    this.need = options.need
    this.object = options.object
    this.happensOnce = options.happensOnce
    this.options = options
  }

  get namesNoModel(): boolean {
    return this.need.provider !== undefined
  }

  prepare({ provider, target, account }: EndpointPlace): PreparedEndpoint {
    const { method, path, where, query, contentType, headers, clientFormat } = this.options
    const body = this.options.body(target.model)
    if (isPassing(body)) {
      this.isSpent = true
      this.passing = body
    }
    return {
      request: provider.buildForward({
        method,
        path,
        where,
        query,
        contentType,
        body,
        account,
        clientHeaders: headers,
        clientFormat,
      }),
    }
  }

  reading(place: EndpointPlace, { headers, body }: Response, owns: (object: string) => boolean): EndpointReading {
    const { provider } = place
    const { namesOf, isList } = this.options
    if (body === null) return { kind: 'whole', read: () => ({ body: '', facts: ended() }) }
    if (namesOf !== undefined)
      return { kind: 'whole', read: (text) => ({ body: text, facts: ended(), objects: namesOf(parseJson(text, place)) }) }
    if (isList === true)
      return { kind: 'whole', read: (text) => ({ body: ownList(parseJson(text, place), owns), facts: ended() }) }
    const contentType = headers.get('content-type') ?? ''
    return { kind: 'stream', transform: new ForwardTransform(contentType, (facts) => new ToldUsage(provider.codec, facts)) }
  }
}

/** A list with nothing in it that is somebody else's. */
function ownList(list: unknown, owns: (object: string) => boolean): string {
  if (!isObject(list) || !Array.isArray(list['data'])) return JSON.stringify({ object: 'list', data: [], has_more: false })
  const data = list['data'].filter((entry) => isObject(entry) && typeof entry['id'] === 'string' && owns(entry['id']))
  const ids = data.map((entry: { readonly id: string }) => entry.id)
  return JSON.stringify({ ...list, data, first_id: ids[0] ?? null, last_id: ids.at(-1) ?? null })
}

function ended(): StreamFacts {
  const facts = new StreamFacts()
  facts.ended = true
  return facts
}

const isPassing = (body: ReturnType<ForwardUseOptions['body']>): body is PassingBody =>
  typeof body === 'object' && !(body instanceof Uint8Array) && 'stream' in body
