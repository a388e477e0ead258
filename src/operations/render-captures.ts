import { timeSpanText } from '../lib/time-span.ts'
import type { CaptureView } from './captures.ts'

/** What a capture that has begun means for whoever ordered it. `now` is Unix milliseconds. */
export function renderStarted(capture: CaptureView, now: number): string {
  return [
    `${capture.id}: the bodies of calls of ${ofWhom(capture)} are captured for ${timeSpanText(capture.until - now)}, encrypted to ${capture.recipients.join(', ')}.`,
    `They are in ${capture.folder} on the machine of the gateway, of calls through this one alone: age -d -i key.txt <file>.`,
    `They are deleted in ${timeSpanText(capture.deleted_at - now)}. Callers see the header x-switchback-capture.`,
    `To end it: switchback capture stop ${capture.id}`,
  ].join('\n')
}

/** Captures, two lines each. */
export function renderCaptures(captures: readonly CaptureView[], now: number): string {
  if (captures.length === 0) return 'Nothing is or was captured.'
  return captures
    .map((capture) => {
      const { id, calls, bytes, cut, ended, by, folder, deleted_at: deletedAt } = capture
      const state = ended === undefined ? `in force for ${timeSpanText(capture.until - now)}` : ended.why
      const cuts = cut === 0 ? '' : `, ${cut} cut short`
      return `${id}  ${state}  ${ofWhom(capture)}  by ${by}  ${calls} calls, ${bytes} bytes${cuts}\n    ${folder}, deleted in ${timeSpanText(deletedAt - now)}`
    })
    .join('\n')
}

const ofWhom = ({ key }: CaptureView): string => (key === 'none' ? 'callers without a key' : `key ${key}`)
