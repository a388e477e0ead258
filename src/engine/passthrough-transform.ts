import type { Codec, FrameFacts, StreamEncoder } from '../codecs/codec.ts'
import type { FinishReason } from '../ir/finish.ts'
import { parseFrame } from '../lib/sse-parser.ts'
import { AnswerSize } from './answer-size.ts'
import { countFrames, frameEnd, frameStart, lastFrameEnd, LF_ONLY, SEPARATORS } from './frame-bounds.ts'
import { StreamFacts, type StreamTransform } from './stream-facts.ts'
import { sseText } from '../lib/sse-text.ts'

export interface PassthroughOptions {
  readonly codec: Codec
  /** Name to show instead of the one the upstream reports; undefined leaves the bytes alone. */
  readonly showModel: string | undefined
  /** Only the gateway asked for a usage chunk: take it out again. */
  readonly dropUsageChunk: boolean
  /** For the one case where bytes have to be made: an error of the transport in mid-stream. */
  readonly createErrorEncoder: () => StreamEncoder
}

const CR = 13
/** A frame may hold an image; 64 MiB is far beyond any real one. */
const MAX_FRAME_BYTES = 64 * 1024 * 1024
/** So many frames of an answer are read in search of one with text; streams without any are not read to their end. */
const MOST_READ_FRAMES = 8
const encoder = new TextEncoder()

/**
 * Same format in and out: upstream bytes become client bytes. Frames are parsed until the answer has begun; from then on only
 * those that hold one of the format's markers are looked at. Everything written is whole frames, so that keep-alives fit between.
 */
export class PassthroughTransform implements StreamTransform {
  private readonly size = new AnswerSize()
  readonly facts = new StreamFacts(this.size)
  private readonly codec: Codec
  private readonly showModel: string | undefined
  private readonly dropUsageChunk: boolean
  private readonly createErrorEncoder: () => StreamEncoder
  private readonly markers: readonly Buffer[]
  private readonly modelMarkers: readonly Buffer[] | undefined
  private readonly modelMember: RegExp
  private readonly output: Uint8Array[] = []
  private outputBytes = 0
  /** Pieces behind the last whole frame, joined when the frame is complete. */
  private rest: Uint8Array[] = []
  private restBytes = 0
  private modelBytes: Buffer | undefined = undefined
  private shownBytes: Buffer | undefined = undefined
  /** Byte ranges, start and end in turn, to be left out of what is being written. */
  private readonly dropped: number[] = []
  private separators: readonly Buffer[] = SEPARATORS
  /** Frames that were read although the answer had begun. */
  private read = 0
  private closed = false
  /** Before the answer began, something came that is no frame of the format. */
  private isUnreadable = false
  /** A frame held a tool call, of a format whose reason to stop does not say so. */
  private sawCalls = false

  constructor(options: PassthroughOptions) {
    this.codec = options.codec
    this.showModel = options.showModel
    this.dropUsageChunk = options.dropUsageChunk
    this.createErrorEncoder = options.createErrorEncoder
    const compiled = compiledMarkers(options.codec)
    this.markers = compiled.inspect
    this.modelMarkers = compiled.model
    this.modelMember = compiled.modelMember
  }

  get heldBytes(): number {
    return this.outputBytes + this.restBytes
  }

  push(chunk: Uint8Array): void {
    if (this.closed) return
    if (this.restBytes === 0) this.split(chunk)
    else if (this.completes(chunk)) this.split(Buffer.concat([...this.takeRest(), chunk]))
    else this.keep(chunk)
  }

  private split(bytes: Uint8Array): void {
    const boundary = lastFrameEnd(bytes)
    if (boundary < bytes.length) this.keep(boundary === 0 ? bytes : bytes.subarray(boundary))
    if (boundary > 0) this.frames(boundary === bytes.length ? bytes : bytes.subarray(0, boundary))
  }

  private keep(bytes: Uint8Array): void {
    this.rest.push(bytes)
    this.restBytes += bytes.length
    if (this.restBytes > MAX_FRAME_BYTES) this.fail('the upstream sent a frame that is too large')
  }

  private takeRest(): Uint8Array[] {
    const pieces = this.rest
    this.rest = []
    this.restBytes = 0
    return pieces
  }

  /** Whether a blank line ends in `chunk`; it may have begun in the piece before. */
  private completes(chunk: Uint8Array): boolean {
    const seam = this.rest.at(-1)!.subarray(-3)
    return lastFrameEnd(Buffer.concat([seam, chunk.subarray(0, 3)])) > 0 || lastFrameEnd(chunk) > 0
  }

  end(): void {
    if (this.closed) return
    if (this.restBytes > 0) {
      this.frames(Buffer.concat(this.takeRest()))
    }
    if (!this.facts.ended && this.facts.failure === undefined)
      this.fail(this.isUnreadable ? 'the upstream sent a frame that is no JSON' : 'the upstream closed the stream before its end')
    this.closed = true
  }

  fail(message: string): void {
    if (this.closed) return
    this.closed = true
    this.takeRest()
    this.facts.failure = { message }
    let text = ''
    this.createErrorEncoder().write({ type: 'error', error: { message } }, (event, data) => {
      text += sseText(event, data)
    })
    this.write(encoder.encode(text))
  }

  take(): Uint8Array | undefined {
    const { output } = this
    if (output.length === 0) return undefined
    const bytes = output.length === 1 ? output[0] : Buffer.concat(output)
    output.length = 0
    this.outputBytes = 0
    return bytes
  }

  private write(bytes: Uint8Array): void {
    this.output.push(bytes)
    this.outputBytes += bytes.length
  }

  /** One or more whole frames. */
  private frames(bytes: Uint8Array): void {
    const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    this.separators = buffer.includes(CR) ? SEPARATORS : LF_ONLY
    let position = 0
    while (this.isLearning && position < buffer.length) position = this.inspectAt(buffer, position)
    if (position < buffer.length) this.countUnread(buffer, position)
    while (position < buffer.length) {
      const hit = firstHit(buffer, this.markers, position)
      if (hit === -1) break
      position = this.inspectAt(buffer, frameStart(buffer, this.separators, position, hit))
    }
    this.writeEdited(bytes, buffer)
  }

  /** Until the answer has begun, and a frame has shown what it has around its text. */
  private get isLearning(): boolean {
    return !this.facts.semantic || (this.size.frameOverhead === undefined && this.read < MOST_READ_FRAMES)
  }

  /** A piece too short for two frames is one. */
  private countUnread(buffer: Buffer, start: number): void {
    const length = buffer.length - start
    const { frameOverhead } = this.size
    if (frameOverhead === undefined) return
    this.size.addUnread(length, length < 2 * frameOverhead ? 1 : countFrames(buffer, this.separators, start))
  }

  /** Learns from the frame that starts at `start` and returns where the next one does. */
  private inspectAt(buffer: Buffer, start: number): number {
    const end = frameEnd(buffer, this.separators, start)
    const frame = parseFrame(buffer.toString('utf8', start, end))
    if (frame !== undefined) {
      const facts = this.codec.inspectFrame(frame)
      this.learn(facts)
      if (this.isLearning) this.size.addFrame(end - start, facts.text ?? 0)
      if (this.facts.semantic) this.read++
      if (!this.facts.semantic && !facts.terminal && !isJson(frame.data)) this.isUnreadable = true
      if (this.dropUsageChunk && facts.usageOnly === true) this.dropped.push(start, end)
    }
    if (this.modelBytes === undefined) this.learnModelBytes(buffer.subarray(start, end))
    return end
  }

  /** Writes the bytes, or what the declared edits leave of them: the shown model, and no usage chunk that only we asked for. */
  private writeEdited(bytes: Uint8Array, buffer: Buffer): void {
    const { dropped } = this
    if (dropped.length === 0) return this.write(this.renamed(bytes, buffer))
    let start = 0
    for (let index = 0; index < dropped.length; index += 2) {
      this.writeRenamed(buffer, start, dropped[index]!)
      start = dropped[index + 1]!
    }
    this.writeRenamed(buffer, start, buffer.length)
    dropped.length = 0
  }

  private writeRenamed(buffer: Buffer, start: number, end: number): void {
    if (start === end) return
    const part = buffer.subarray(start, end)
    this.write(this.renamed(part, part))
  }

  /** The bytes with the served model's name replaced by the shown one, in the frames that carry it. */
  private renamed(bytes: Uint8Array, buffer: Buffer): Uint8Array {
    const { modelBytes, shownBytes } = this
    if (modelBytes === undefined || shownBytes === undefined) return bytes
    if (this.modelMarkers !== undefined && firstHit(buffer, this.modelMarkers, 0) === -1) return bytes
    return replaceAll(buffer, modelBytes, shownBytes)
  }

  private learn(found: FrameFacts): void {
    const { facts } = this
    if (found.semantic) facts.semantic = true
    if (found.terminal) facts.ended = true
    if (found.usage !== undefined) facts.told(found.usage)
    if (found.calls === true) this.sawCalls = true
    if (found.finish !== undefined) facts.finish = this.sawCalls ? calledTools(found.finish) : found.finish
    if (found.error !== undefined) facts.failure = found.error
    if (found.id !== undefined) facts.id ??= found.id
    if (found.model !== undefined) facts.model ??= found.model
  }

  /** The served name as this upstream writes it, once it is known. */
  private learnModelBytes(frame: Buffer): void {
    if (this.showModel === undefined || this.facts.model === undefined || this.facts.model === this.showModel) return
    const written = this.modelMember.exec(frame.toString('latin1'))
    if (written === null) return
    this.modelBytes = Buffer.from(written[0], 'latin1')
    this.shownBytes = Buffer.from(`${written[1]}${JSON.stringify(this.showModel)}`)
  }
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}

/** The member that holds the model, its key with the colon as first group. */
const modelMemberOf = (name: string): RegExp => new RegExp(`("${name}"\\s*:\\s*)"(?:[^"\\\\]|\\\\.)*"`)

const calledTools = (finish: FinishReason): FinishReason =>
  finish.unified === 'stop' ? { ...finish, unified: 'tool-calls' } : finish

interface CompiledMarkers {
  readonly inspect: readonly Buffer[]
  /** Undefined: every frame carries the model. */
  readonly model: readonly Buffer[] | undefined
  readonly modelMember: RegExp
}

const compiledByCodec = new WeakMap<Codec, CompiledMarkers>()

function compiledMarkers(codec: Codec): CompiledMarkers {
  let compiled = compiledByCodec.get(codec)
  if (compiled === undefined) {
    const { inspect, modelFrames, modelMember = 'model' } = codec.passthrough
    compiled = {
      inspect: inspect.map((marker) => Buffer.from(marker)),
      model: modelFrames === 'every' ? undefined : modelFrames.map((marker) => Buffer.from(marker)),
      modelMember: modelMemberOf(modelMember),
    }
    compiledByCodec.set(codec, compiled)
  }
  return compiled
}

/** First position of any of the markers, -1 when there is none. */
function firstHit(buffer: Buffer, markers: readonly Buffer[], position: number): number {
  let first = -1
  for (const marker of markers) {
    const hit = buffer.indexOf(marker, position)
    if (hit !== -1 && (first === -1 || hit < first)) first = hit
  }
  return first
}

function replaceAll(buffer: Buffer, wanted: Buffer, replacement: Buffer): Uint8Array {
  const places: number[] = []
  for (let found = buffer.indexOf(wanted); found !== -1; found = buffer.indexOf(wanted, found + wanted.length)) places.push(found)
  if (places.length === 0) return buffer
  const written = Buffer.allocUnsafe(buffer.length + places.length * (replacement.length - wanted.length))
  let from = 0
  let to = 0
  for (const place of places) {
    to += buffer.copy(written, to, from, place)
    to += replacement.copy(written, to)
    from = place + wanted.length
  }
  buffer.copy(written, to, from)
  return written
}
