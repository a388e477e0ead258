import { describe, expect, test } from 'bun:test'
import type { AttemptRecord } from '../ir/record.ts'
import { exampleRecord } from '../state/records/conformance.ts'
import { renderStory } from './render-story.ts'
import { tellStory } from './tell-story.ts'

const attempt = (replaced: Partial<AttemptRecord>): AttemptRecord => ({ ...exampleRecord().attempts[0]!, ...replaced })

const limited = attempt({
  target_id: 'a/m',
  account_id: 'main',
  outcome: 'failed',
  latency_ms: 120,
  error_code: 'upstream_rate_limited',
  upstream_status: 429,
  upstream_error_type: 'rate_limit_error',
  next: 'next-target',
  passthrough: false,
  passthrough_refused: ['format_differs'],
  format: 'anthropic',
})

test('tells the retry of an SDK from a first try', () => {
  const [arrival, retry] = tellStory(exampleRecord({ client_retry: 2 })).steps
  expect(arrival?.text).toStartWith('The request arrived')
  expect(retry?.text).toBe("  The client's SDK had sent it before: this was its retry number 2.")
  expect(renderStory(tellStory(exampleRecord()))).not.toContain('retry')
})

describe('a target that was passed over', () => {
  const storyOf = (code: string, retryAfterMs?: number): string =>
    renderStory(tellStory(exampleRecord({ skipped: [{ target_id: 'a/m', error_codes: [code], retry_after_ms: retryAfterMs }] })))

  test('tells what locked its accounts', () => {
    expect(storyOf('upstream_rate_limited', 4_000)).toContain(
      'Passed over a/m: its accounts were out of use after upstream_rate_limited, the first for another 4.00 s.',
    )
  })

  test('tells what keeps calls from the target itself', () => {
    expect(storyOf('circuit_open', 4_000)).toContain(
      'Passed over a/m: it failed too often lately and is left out for a while (circuit_open, for another 4.00 s).',
    )
    expect(storyOf('target_busy')).toContain('as many calls to it are under way as it may have (target_busy).')
  })

  test('tells how long its recovery was waited for', () => {
    const passed = { target_id: 'a/m', error_codes: ['circuit_open'], retry_after_ms: 4_000 }
    const attempts = [attempt({ started_ms: 4_001 })]
    expect(renderStory(tellStory(exampleRecord({ skipped: [passed], attempts })))).toContain('0.2 ms  Waited 4.00 s.')
    const { timings } = exampleRecord()
    const slowGateway = exampleRecord({ attempts, timings: { ...timings, overhead_us: 4_001_000 } })
    expect(renderStory(tellStory(slowGateway))).not.toContain('Waited')
  })

  test('is named as what followed, where the attempt itself could not be repeated', () => {
    const broken = attempt({ target_id: 'a/m', outcome: 'failed', error_code: 'upstream_overloaded', next: 'retry' })
    const attempts = [broken, attempt({ target_id: 'b/m', started_ms: 3 })]
    expect(renderStory(tellStory(exampleRecord({ attempts })))).toContain('Then the next target was taken.')
    const elsewhere = [broken, attempt({ target_id: 'a/m', account_id: 'other', started_ms: 3 })]
    expect(renderStory(tellStory(exampleRecord({ attempts: elsewhere })))).toContain('Then the next account was taken.')
  })

  test('tells a window that its session has outgrown', () => {
    expect(storyOf('upstream_context_too_long')).toContain('an earlier prompt of this session was too long for it.')
  })
})

describe('the verdict', () => {
  test('names who served at the first attempt', () => {
    expect(tellStory(exampleRecord()).verdict).toBe('Served by mock/echo at the first attempt: 200 in 2.9 ms.')
  })

  test('names who failed before, and why', () => {
    const record = exampleRecord({ attempts: [limited, attempt({ target_id: 'b/m', started_ms: 121 })], served: 'b/m' })
    expect(tellStory(record).verdict).toBe(
      'Served by b/m after 1 failed attempt (a/m: the account is over its rate limit): 200 in 2.9 ms.',
    )
  })

  test('names whom a hedge has overtaken', () => {
    const cancelled = attempt({ target_id: 'a/m', outcome: 'cancelled', cancelled_because: 'hedge', latency_ms: 152 })
    const record = exampleRecord({ attempts: [cancelled, attempt({ target_id: 'b/m', started_ms: 150 })], served: 'b/m' })
    const story = tellStory(record)
    expect(story.verdict).toBe('Served by b/m, which answered before a/m: 200 in 2.9 ms.')
    expect(renderStory(story)).toContain('cancelled after 152 ms, because another answered first.')
  })

  test('says that nobody was called when the request was refused', () => {
    const record = exampleRecord({ attempts: [], served: undefined, status: 503, error_code: 'no_eligible_target' })
    expect(tellStory(record).verdict).toBe(
      'Refused with 503 before anyone was called: no candidate can serve this request (no_eligible_target).',
    )
  })

  test('says after how many attempts it failed', () => {
    const record = exampleRecord({
      attempts: [limited, limited],
      served: undefined,
      status: 429,
      error_code: 'upstream_rate_limited',
    })
    expect(tellStory(record).verdict).toStartWith(
      'Failed with 429 after 2 attempts in 2.9 ms: the account is over its rate limit',
    )
  })

  test('tells a client that went away from a failure', () => {
    expect(tellStory(exampleRecord({ status: 499, error_code: 'client_closed_request' })).verdict).toBe(
      'The client went away after 2.9 ms, while mock/echo was answering.',
    )
  })

  test('knows codes of other versions by their name only', () => {
    const record = exampleRecord({ attempts: [], served: undefined, status: 500, error_code: 'from_the_future' })
    expect(tellStory(record).verdict).toContain('from_the_future (from_the_future)')
  })
})

describe('the story', () => {
  const record = exampleRecord({
    attempts: [limited, attempt({ target_id: 'b/m', started_ms: 121 })],
    served: 'b/m',
    decision: {
      ...exampleRecord().decision,
      selected: { target_id: 'a/m' },
      fallbacks: [{ target_id: 'b/m' }],
      rejected: [
        { target_id: 'c/m', code: 'tools_unsupported', reason: 'tools were offered and the target does not call tools' },
      ],
    },
    diagnostics: [
      { severity: 'lost', code: 'prompt_cache_key', path: '/prompt_cache_key', message: 'The target has no such field.' },
    ],
    usage: { inputTokens: 1200, cacheReadTokens: 1000, outputTokens: 80, reasoningTokens: 20 },
  })
  const text = renderStory(tellStory(record))

  test('begins with the verdict', () => {
    expect(text.split('\n')[0]).toStartWith('Served by b/m')
  })

  test('tells order, refusals, attempts with cause and next step, losses, usage and times', () => {
    for (const sentence of [
      'put 2 candidates in order: a/m, b/m.',
      'Ruled out c/m: tools were offered and the target does not call tools (tools_unsupported).',
      'Called a/m with account main: after 120 ms the account is over its rate limit (status 429, rate_limit_error, upstream_rate_limited). Then the next target was taken.',
      'Translated from openai to anthropic.',
      'The bytes went through as they were (openai on both sides).',
      'Lost: prompt_cache_key at /prompt_cache_key. The target has no such field.',
      'Used 1,200 tokens in (1,000 read from cache) and 80 tokens out (20 of reasoning).',
      'The gateway itself took 0.2 ms before the answer began.',
    ]) {
      expect(text).toContain(sentence)
    }
  })

  test('tells why, what was known of candidates, waits and money', () => {
    const base = exampleRecord()
    const told = renderStory(
      tellStory(
        exampleRecord({
          attempts: [limited, attempt({ target_id: 'b/m', started_ms: 2_121 })],
          decision: {
            ...base.decision,
            strategy: 'auto',
            selected: { target_id: 'a/m' },
            reason: ['route=r', 'demoted 1 target(s) that cannot be called now', 'score: selected=a/m score=0.800'],
            inputs: { ...base.decision.inputs, hints: { max_price_per_million: 5e9 } },
            scores: [{ target_id: 'a/m', score: 0.8, factors: { cost: 0.8 }, weights: { cost: 1 }, raw: { cost: 900 } }],
            candidates: [
              {
                target_id: 'a/m',
                provider: 'a',
                model: 'm',
                format: 'openai',
                standing: 'demoted',
                facts: {},
                observed: {
                  accounts_available: 1,
                  accounts_total: 2,
                  circuit: 'half_open',
                  ttft_ms: 300,
                  outcome: { samples: 5, success_rate: 0.475, demoted: 'streak' },
                },
                expected_cost_nanos: 900,
              },
            ],
          },
        }),
        { nanoDollars: 1_500_000, source: 'override x' },
      ),
    )
    for (const sentence of [
      'The client asked for max_price_per_million $5.',
      'Why: score: selected=a/m score=0.800',
      'a/m: stood behind the others, because its last calls failed one after the other; 1 of 2 accounts could be used; circuit half open; first token after 300 ms on average; a success rate of 48 % was expected after 5 calls; expected to cost $0.0000009; score 0.800 = weighted mean of cost 0.80 × 1 (from 900).',
      'Waited 2.00 s.',
      'It cost $0.0015 (price: override x).',
    ])
      expect(told).toContain(sentence)
  })

  test('tells what attempts used that the answer does not show, and what nobody knows', () => {
    const loser = { target_id: 'b/m', outcome: 'cancelled', cancelled_because: 'hedge' } as const
    const told = (...attempts: Partial<AttemptRecord>[]): string =>
      renderStory(tellStory(exampleRecord({ attempts: [...attempts.map(attempt), attempt({ usage_known: 'whole' })] })))
    expect(told({ ...loser, usage: { inputTokens: 700 }, usage_known: 'partial' })).toContain(
      'Used 700 tokens in and an unknown number of tokens out. That is what it had told when it ended.',
    )
    expect(told({ ...loser, usage_known: 'unknown' })).toContain('What it used is not known: it ended before its upstream told.')
    expect(told({ ...loser, outcome: 'success', usage_known: 'unknown' })).toContain('not known: its answer does not tell.')
    for (const silent of [{ usage_known: 'unused' }, { usage_known: undefined }, { usage_known: 'whole' }] as const)
      expect(told({ ...limited, ...silent })).not.toMatch(/What it used|had told/)
    expect(told().match(/Used /g)).toHaveLength(1)
  })

  test('cannot be used to write to a terminal', () => {
    const hostile = renderStory(
      tellStory(exampleRecord({ requested_model: '\u001b[2J\u001b]0;owned\u0007\nmodel', session_id: 'a\u202eb' })),
    )
    for (const control of ['\u001b', '\u0007', '\u202e']) expect(hostile).not.toContain(control)
    expect(hostile).toContain('?[2J?]0;owned??model')
  })
})
