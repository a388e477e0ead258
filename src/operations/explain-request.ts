import { GatewayError } from '../errors/gateway-error.ts'
import type { RequestRecord } from '../ir/record.ts'
import type { RecordSource } from './record-source.ts'
import { type Story, tellStory } from './tell-story.ts'

export interface Explanation {
  readonly record: RequestRecord
  readonly story: Story
}

/** Finds a request by id, beginning of an id or `last`, and tells what happened to it. Throws `record_not_found`. */
export async function explainRequest(source: Pick<RecordSource, 'get'>, which: string): Promise<Explanation> {
  const record = await source.get(which)
  if (record !== undefined) return { record, story: tellStory(record) }
  const message =
    which === 'last'
      ? 'No request has been recorded yet. Send one first; records appear within a quarter of a second after the answer has ended.'
      : `No record of request "${which}". Records appear when the answer has ended, and are deleted after the retention time. "switchback explain last" shows the newest.`
  throw new GatewayError('record_not_found', message)
}
