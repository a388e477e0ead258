import { join } from 'node:path'
import { GatewayError } from '../errors/gateway-error.ts'
import { isObject } from '../ir/json.ts'
import { parseIssuedKey } from '../lib/issued-key.ts'
import { timeSpanHint, timeSpanMs, timeSpanText } from '../lib/time-span.ts'
import type { CaptureSettings } from '../state/captures/captures.schema.ts'
import { isRecipient } from '../state/captures/encrypted-file.ts'
import type { CaptureOrder, CaptureStore } from '../state/captures/store.ts'

/** What has happened to captures, for the log and, where it came about by itself, for the audit. */
export interface CaptureEvent {
  readonly action: 'capture.start' | 'capture.stop' | 'capture.end' | 'capture.delete'
  /** Who did it; `gateway` when it came about by itself. */
  readonly by: string
  readonly capture: CaptureOrder
}

export interface CaptureParts {
  readonly captures: CaptureStore
  /** Where the bodies are. */
  readonly folder: string
  readonly settings: CaptureSettings
  /** Processes of the gateway: a capture would hold in one of them. */
  readonly workers: number
  /** Whether there is a key with this id, issued or of the configuration. */
  readonly hasKey: (id: string) => Promise<boolean>
  readonly now: () => number
  readonly tell: (event: CaptureEvent) => void
}

/** What an admin orders. */
export interface CaptureWish {
  /** Id of a key, or `none` for callers without one. */
  readonly key: string
  readonly forMs: number
  /** Public keys; empty for those of the configuration. */
  readonly recipients: readonly string[]
}

const NO_KEY = 'none'
const MOST_RECIPIENTS = 16

/** Reads an order from JSON: `{key, for, recipient}`. Of a whole key nothing but its id is taken. Throws `invalid_body`. */
export function readCaptureWish(body: unknown): CaptureWish {
  if (!isObject(body)) throw invalid('Expected {"key": "<id>", "for": "15m", "recipient": "age1…"}.', 'key')
  const { key, for: span, recipient, ...others } = body
  const [unknown] = Object.keys(others)
  if (unknown !== undefined) throw invalid('An order to capture holds `key`, `for` and `recipient`, and nothing else.', unknown)
  if (typeof key !== 'string' || key === '' || key.length > 256)
    throw invalid(
      'Say whose calls are to be captured: the id of a key, as records show it, or "none" for callers without one.',
      'key',
    )
  const forMs = typeof span === 'string' ? timeSpanMs(span) : undefined
  if (forMs === undefined) throw invalid(`Say for how long. ${timeSpanHint(typeof span === 'string' ? span : '')}`, 'for')
  const recipients = recipient === undefined ? [] : [recipient].flat()
  if (recipients.length > MOST_RECIPIENTS || !recipients.every((one) => typeof one === 'string'))
    throw invalid(`\`recipient\` is a public key of age, or a list of at most ${MOST_RECIPIENTS}.`, 'recipient')
  return { key: parseIssuedKey(key)?.id ?? key, forMs, recipients }
}

/**
 * Throws `subject_not_found` when no key has the id of the order. Asked before anything notes the order: what somebody takes for an id may be
 * a secret, and is repeated nowhere.
 */
export async function requireKeyOf({ hasKey }: Pick<CaptureParts, 'hasKey'>, { key }: CaptureWish): Promise<void> {
  if (key === NO_KEY || (await hasKey(key))) return
  throw new GatewayError(
    'subject_not_found',
    'There is no key with this id. "switchback key list" shows issued keys, and records show whose calls there were. Keys of the configuration go by their `prefix`; `none` is for callers without a key.',
    { param: 'key' },
  )
}

/** Begins a capture. Throws `forbidden`, `invalid_body` or `state_unavailable`. */
export async function startCapture(parts: CaptureParts, wish: CaptureWish, by: string): Promise<CaptureOrder> {
  const { captures, settings, workers, now, tell } = parts
  const key = wish.key === NO_KEY ? undefined : wish.key
  if (!settings.enabled)
    throw new GatewayError('forbidden', 'The configuration does not allow to capture anything (capture.enabled).')
  if (workers > 1)
    throw new GatewayError(
      'forbidden',
      `This gateway runs as ${workers} processes (server.workers), and one of them alone would capture what it happens to serve. Start one gateway more with \`workers: 1\` on the same state, let the calls come to it, and capture there.`,
    )
  if (wish.forMs > settings.longestMs)
    throw invalid(`A capture may last ${timeSpanText(settings.longestMs)} at most (capture.longest).`, 'for')
  const recipients = await recipientsOf(settings, wish)
  // Nothing is waited for from here on: of two orders for one key the second finds the first.
  const running = captures.list().find((order) => order.ended === undefined && order.key === key)
  if (running !== undefined)
    throw invalid(`The calls of this key are being captured already (${running.id}). Stop that capture first.`, 'key')
  const capture = captures.start({ key, recipients, by, until: now() + wish.forMs })
  tell({ action: 'capture.start', by, capture })
  return capture
}

async function recipientsOf(settings: CaptureSettings, { recipients: wanted }: CaptureWish): Promise<readonly string[]> {
  const { recipients: allowed } = settings
  if (wanted.length === 0 && allowed.length > 0) return allowed
  if (wanted.length === 0)
    throw invalid(
      'Say to which public key of age the bodies are encrypted. "age-keygen -o key.txt" makes a pair and prints it.',
      'recipient',
    )
  for (const recipient of wanted) {
    if (recipient.startsWith('AGE-SECRET-KEY-'))
      throw invalid(
        'This is a secret key. Keep it to yourself, replace it, and send the public one, which begins with age1.',
        'recipient',
      )
    if (!(await isRecipient(recipient))) throw invalid('This is no public key of age; those begin with age1.', 'recipient')
    if (allowed.length > 0 && !allowed.includes(recipient))
      throw new GatewayError(
        'forbidden',
        'The configuration names the public keys that bodies may be encrypted to (capture.recipients).',
      )
  }
  return wanted
}

/** Ends a capture, and deletes it where that is wanted. Throws `subject_not_found`. */
export function stopCapture(
  { captures, tell }: Pick<CaptureParts, 'captures' | 'tell'>,
  id: string,
  { by, isDeleted }: { readonly by: string; readonly isDeleted: boolean },
): { readonly capture: CaptureOrder; readonly was_running: boolean } {
  const wasRunning = captures.stop(id)
  const capture = captures.list().find((order) => order.id === id)
  if (capture === undefined)
    throw new GatewayError('subject_not_found', `There is no capture ${id}. "switchback capture list" shows them.`)
  if (wasRunning) tell({ action: 'capture.stop', by, capture })
  if (isDeleted) captures.remove(id)
  return { capture, was_running: wasRunning }
}

/** A capture, as JSON. Times are Unix milliseconds. */
export interface CaptureView {
  readonly id: string
  /** `none` for callers without a key. */
  readonly key: string
  readonly recipients: readonly string[]
  readonly by: string
  readonly started_at: number
  readonly until: number
  readonly ended?: { readonly at: number; readonly why: string } | undefined
  readonly calls: number
  readonly bytes: number
  readonly cut: number
  /** When its bodies are deleted, at the latest. */
  readonly deleted_at: number
  /** Where its bodies are, on the machine of the gateway. */
  readonly folder: string
}

export const captureView = (
  order: CaptureOrder,
  { settings: { retentionMs }, folder }: Pick<CaptureParts, 'settings' | 'folder'>,
): CaptureView => ({
  id: order.id,
  key: order.key ?? NO_KEY,
  recipients: order.recipients,
  by: order.by,
  started_at: order.startedAt,
  until: order.until,
  ended: order.ended,
  calls: order.calls,
  bytes: order.bytes,
  cut: order.cut,
  deleted_at: (order.ended?.at ?? order.until) + retentionMs,
  folder: join(folder, order.id),
})

const invalid = (message: string, param: string): GatewayError => new GatewayError('invalid_body', message, { param })
