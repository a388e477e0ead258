/** What an operator has ordered to be captured, and what came of it. */
export interface CaptureOrder {
  /** `cap_` + 12 hex digits. */
  readonly id: string
  /** Id of the key whose calls are captured; undefined for callers without a key. */
  readonly key: string | undefined
  /** Public keys of age that can open the bodies. */
  readonly recipients: readonly string[]
  /** Who ordered it: the id of a key, or `no key`. */
  readonly by: string
  /** Unix milliseconds. */
  readonly startedAt: number
  /** Unix milliseconds at which it ends by itself. */
  readonly until: number
  readonly ended?: { readonly at: number; readonly why: CaptureEnd } | undefined
  /** Calls of which a body was written. */
  readonly calls: number
  /** Bytes of bodies, before encryption. */
  readonly bytes: number
  /** Bodies that are not whole: too large, or the disk was too slow or full. */
  readonly cut: number
}

/** How long captures are kept after their end, in ms, and how much of one: it ends when so many bytes are reached. */
export interface CaptureKeeping {
  readonly retentionMs: number
  readonly maxBytes: number
}

export type CaptureEnd = 'stopped' | 'expired' | 'full'

/** One body on its way to the disk. Never blocks and never throws. */
export interface CapturedBody {
  /** Takes a copy. */
  write(bytes: Uint8Array): void
  end(): void
}

/** One call whose bodies are captured. */
export interface CapturedCall {
  /** Id of the capture. */
  readonly capture: string
  /** Opens a file for a body: `request.json`, `answer.sse` … */
  body(name: string): CapturedBody
}

/** Keeps captures and their bodies. */
export interface CaptureStore {
  /** Whether any capture is in force: asked for every call, so it costs next to nothing. */
  readonly isActive: boolean
  /** The call of this key is to be captured: where to write it. Undefined when it is not. */
  begin(key: string | undefined, requestId: string): CapturedCall | undefined
  /** Throws `state_unavailable` when the folder cannot be written. */
  start(order: Pick<CaptureOrder, 'key' | 'recipients' | 'by' | 'until'>): CaptureOrder
  /** Ends a capture; true when one of this id was in force. */
  stop(id: string): boolean
  /** Deletes a capture with its bodies, ending it first; true when there was one. Throws `state_unavailable` when they cannot be deleted. */
  remove(id: string): boolean
  /** Keeps captures by other bounds from now on, those in force too. */
  configure(keeping: CaptureKeeping): void
  /** Newest first. */
  list(): readonly CaptureOrder[]
  /** Resolves when everything taken so far is on the disk, or has failed to be. */
  flush(): Promise<void>
  /** Finishes what is being written. Captures in force go on with the next process until their time is over. */
  close(): Promise<void>
}
