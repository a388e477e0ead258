import { randomUUID } from 'node:crypto'
import { kindsWithinOnly, type MediaKind } from '../../catalog/media-addresses.ts'
import { GatewayError } from '../../errors/gateway-error.ts'
import type { MediaSource } from '../../ir/content.ts'
import type { Diagnostic } from '../../ir/diagnostic.ts'
import type { LlmRequest } from '../../ir/request.ts'
import { ByteHold, type ByteBudget } from '../../lib/byte-budget.ts'
import type { Clock } from '../../lib/clock.ts'
import { addMedia } from '../../lib/large-json.ts'
import { untilAborted } from '../../lib/until-aborted.ts'
import type { RoutingSnapshot } from '../../ir/snapshot.ts'
import type { Target } from '../../ir/target.ts'
import type { Provider } from '../../providers/provider.types.ts'
import type { Transport } from '../../transport/transport.ts'
import type { Call, RequestBody } from '../engine.ts'
import { takesAddress, whoTakes } from './capable-targets.ts'
import { fetchMedia, type FetchedMedia, type FetchMediaOptions } from './fetch-media.ts'
import { addressesIn, withMedia, type MediaAddress } from './media-addresses.ts'
import type { MediaSettings } from './media.schema.ts'
import { isTextType } from './media-type.ts'

export type { MediaAddress }

/** Files that one request may have fetched. */
const MOST_FILES = 20

/** A request with its media within it, for a target that takes it no other way. */
export interface InlinedMedia {
  readonly request: LlmRequest
  readonly body: RequestBody
  readonly diagnostics: readonly Diagnostic[]
}

export interface MediaStepOptions {
  readonly transport: Pick<Transport, 'send'>
  readonly clock: Pick<Clock, 'sleep'>
  /** Bytes held in large buffers, of the process. */
  readonly buffers: ByteBudget
  readonly userAgent: string
}

/** What tells whether media has to be fetched. */
export interface MediaQuestion {
  readonly call: Pick<Call, 'codec' | 'request'>
  readonly provider: Pick<Provider, 'settings'>
  readonly target: Target
  readonly revision: MediaRevision
}

interface MediaRevision {
  readonly snapshot: RoutingSnapshot
  /** Undefined where no media is fetched. */
  readonly media?: MediaSettings | undefined
}

interface MediaInput extends MediaQuestion {
  readonly call: Call
}

/** A file that is fetched or was, and the memory it takes. */
interface HeldFile {
  readonly file: Promise<FetchedMedia>
  readonly hold: ByteHold
}

/** By kind and address. */
type FilesOfCall = Map<string, HeldFile>

/** Fetches media that a request names by address, for targets that have no place for addresses. */
export class MediaStep {
  private readonly options: MediaStepOptions
  /** Files of calls under way, by their signal: a retry or the next target does not fetch them again. */
  private readonly fetched = new Map<AbortSignal, FilesOfCall>()

  constructor(options: MediaStepOptions) {
    this.options = options
  }

  /** What has to be fetched before the attempt; undefined for nearly all. */
  wanted({ call, provider, target, revision }: MediaQuestion): readonly MediaAddress[] | undefined {
    if (revision.media === undefined) return undefined
    const kinds = kindsFor(call, target.format, provider.settings.capabilities.visionSources)
    if (kinds.length === 0) return undefined
    const addresses = addressesIn(call.request.messages, kinds)
    return addresses.length === 0 ? undefined : addresses
  }

  /** Rejects with `media_unavailable`, naming the place in the request and targets that take addresses. Ends with `signal`. */
  async inline(addresses: readonly MediaAddress[], input: MediaInput, signal: AbortSignal): Promise<InlinedMedia> {
    const { call, target } = input
    if (addresses.length > MOST_FILES)
      throw new GatewayError(
        'media_unavailable',
        `The request names ${addresses.length} files by address, and at most ${MOST_FILES} are fetched for ${target.id}. Send them within the request.`,
        { target: target.id },
      )
    const files = await Promise.all(addresses.map((address) => this.file(address, input, signal)))
    const byName = new Map(addresses.map((address, index) => [nameOf(address.kind, address.url), files[index]]))
    const blobs = addMedia(call.body.blobs, () => randomUUID().replaceAll('-', ''))
    const sources = new Map<string, MediaSource>()
    for (const [name, file] of byName) if (file !== undefined) sources.set(name, sourceOf(name, file, blobs.add))
    return {
      request: { ...call.request, messages: withMedia(call.request.messages, (kind, url) => sources.get(nameOf(kind, url))) },
      body: { ...call.body, blobs: blobs.blobs },
      diagnostics: addresses.map(({ kind, path }) => ({
        severity: 'rewritten',
        code: 'media_inlined',
        path: path ?? '',
        message: `the ${kind} was fetched from its address and sent within the request`,
      })),
    }
  }

  /** The call is over: what was fetched for it is no longer held. */
  letGo({ signal }: Pick<Call, 'signal'>): void {
    if (this.fetched.size === 0) return
    const files = this.fetched.get(signal)
    if (files === undefined) return
    this.fetched.delete(signal)
    for (const { file, hold } of files.values()) void file.then(() => hold.release()).catch(() => undefined)
  }

  private async file(address: MediaAddress, input: MediaInput, signal: AbortSignal): Promise<FetchedMedia> {
    const { call, target, revision } = input
    signal.throwIfAborted()
    try {
      return await untilAborted(this.once(address, call, revision), signal)
    } catch (error) {
      if (!(error instanceof GatewayError) || error.code !== 'media_unavailable') throw error
      const who = whoTakes(revision.snapshot, call.principal, takesAddress(revision.snapshot, address.kind))
      throw new GatewayError(
        'media_unavailable',
        `${target.id} takes no ${address.kind} by address, and the one at ${address.path ?? 'the request'} could not be fetched: ${error.message}. Send it within the request. ${who}`,
        { target: target.id, ...(address.path === undefined ? {} : { param: address.path }), details: error.details ?? {} },
      )
    }
  }

  private once({ kind, url }: MediaAddress, { signal }: Call, revision: MediaRevision): Promise<FetchedMedia> {
    let files = this.fetched.get(signal)
    if (files === undefined) this.fetched.set(signal, (files = new Map<string, HeldFile>()))
    const name = nameOf(kind, url)
    const known = files.get(name)
    if (known !== undefined) return known.file
    const hold = new ByteHold(this.options.buffers)
    const file = this.fetch(kind, url, revision, { hold, signal })
    files.set(name, { file, hold })
    file.catch(() => {
      hold.release()
      // A failure is for those who wait for it now.
      files.delete(name)
    })
    return file
  }

  private async fetch(
    kind: MediaKind,
    url: string,
    { media }: MediaRevision,
    held: Pick<FetchMediaOptions, 'hold' | 'signal'>,
  ): Promise<FetchedMedia> {
    if (media === undefined) throw new GatewayError('internal', 'Media was to be fetched although that is switched off.')
    return fetchMedia(kind, url, { ...this.options, settings: media, ...held })
  }
}

/** Of the client's own format only what the operator declared counts: its bytes go through otherwise. */
function kindsFor(
  { codec }: Pick<Call, 'codec'>,
  format: Target['format'],
  declared: Parameters<typeof kindsWithinOnly>[1],
): readonly MediaKind[] {
  if (codec.format !== format) return kindsWithinOnly(format, declared)
  return declared === undefined ? NONE : kindsWithinOnly(format, declared).filter((kind) => kind === 'image')
}

const NONE: readonly MediaKind[] = []

const nameOf = (kind: MediaKind, url: string): string => `${kind} ${url}`

function sourceOf(name: string, { mediaType, bytes }: FetchedMedia, add: (blob: Uint8Array) => string): MediaSource {
  if (name.startsWith('document ') && isTextType(mediaType)) return { kind: 'text', mediaType, text: bytes.toString('utf8') }
  return { kind: 'base64', mediaType, data: add(Buffer.from(bytes.toString('base64'), 'latin1')) }
}
