import { expect, test } from 'bun:test'
import type { ModelPrice } from '../ir/price.ts'
import { plainQuestion, snapshotOf, stateOf } from '../../test/support/routing-worlds.ts'
import type { RequestRecord } from '../ir/record.ts'
import { decide } from '../routing/decide.ts'
import { explainDecision } from '../routing/explain-decision.ts'
import { resolveRoute } from '../routing/resolve-route.ts'
import { exampleRecord } from '../state/records/conformance.ts'
import { Replayer } from './replay-decision.ts'
import { replayFails, replayRecords } from './replay-records.ts'

const config = (targets: readonly string[]) =>
  snapshotOf({
    providers: ['a', 'b'].map((id) => ({ id, type: 'openai_compatible', base_url: `https://${id}.example/v1`, api_key: 'k' })),
    routes: [{ name: 'r', match: { model: 'r' }, targets }],
  })
const before = config(['a/m', 'b/m'])
const question = plainQuestion('r')
const state = stateOf({}, { 'a/m': { totalMs: 900 }, 'b/m': { totalMs: 300 } })
const decision = explainDecision('req_1', decide(before, resolveRoute(before, question), question, state), question)
const record = exampleRecord({ requested_model: 'r', decision, usage: { inputTokens: 1_000_000, outputTokens: 0 } })

async function* stream(records: readonly RequestRecord[]): AsyncIterable<RequestRecord> {
  yield* records
}
const priced = (input: number): ModelPrice => ({ rates: { input, output: 0 }, contextTiers: [] })
const prices = {
  priceOf: ({ providerId }: { providerId: string }) => ({
    price: priced(providerId === 'a' ? 3e9 : 1e9),
    source: 'override' as const,
    version: 'x',
    asOf: undefined,
  }),
  replaceOverrides: () => undefined,
}
const replay = (targets: readonly string[], records: readonly RequestRecord[]) =>
  replayRecords(stream(records), {
    replayer: new Replayer({ snapshot: config(targets), factsOf: () => ({ capabilities: {}, tags: [] }) }),
    prices,
    hosts: new Map(),
  })

test('sums up what changes, with cost and latency where both are known', async () => {
  const unknown = { ...record, request_id: 'req_2', usage: undefined }
  const report = await replay(['b/m', 'a/m'], [record, unknown])
  expect(report).toMatchObject({ requests: 2, same: 0, changed: 2, failing: 0 })
  expect(report.groups).toMatchObject([
    {
      from: 'a/m',
      to: 'b/m',
      count: 2,
      cost: { known: 1, unknown: 1, delta_nanos: -2e9 },
      latency: { known: 2, unknown: 0, delta_ms: -1_200 },
    },
  ])
  expect(['none', 'failing', 'changed'].map((on) => replayFails(report, on as 'none'))).toEqual([false, false, true])
})

test('passes over requests that were never read, and counts nothing in an empty place', async () => {
  const unread = { ...record, requested_model: '', decision: { ...decision, inputs: { ...decision.inputs, model: '' } } }
  expect(await replay(['a/m', 'b/m'], [unread, record])).toMatchObject({
    requests: 2,
    same: 1,
    skipped: 1,
    groups: [],
    not_kept: [],
  })
  expect(await replay(['a/m'], [])).toMatchObject({ requests: 0, groups: [] })
})
