import { describe, expect, test } from 'bun:test'
import { readFileSync } from 'node:fs'
import { parse } from 'yaml'
import { endedRequest, watchedSnapshot } from '../../test/support/ended-request.ts'
import { ManualClock } from '../../test/support/manual-clock.ts'
import { createMemoryHealth } from '../state/health/memory.ts'
import { createGatewayMetrics, type GatewayMetrics } from './gateway-metrics.ts'
import type { ObservedParts } from './state-metrics.ts'

const snapshot = watchedSnapshot()
const shipped = (path: string): string => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8')

function gatewayMetrics(parts: Partial<ObservedParts> = {}): { metrics: GatewayMetrics; clock: ManualClock } {
  const clock = new ManualClock()
  const metrics = createGatewayMetrics({ clock, version: '9.9.9' }, () => undefined)
  metrics.observe({
    snapshot: () => snapshot,
    accounts: { snapshot: () => [] } as unknown as ObservedParts['accounts'],
    health: createMemoryHealth({ clock }),
    records: {},
    active: () => 3,
    ...parts,
  })
  return { metrics, clock }
}

/** Labels by the names under which Prometheus knows a metric. */
function knownNames(): Map<string, readonly string[]> {
  return new Map(
    gatewayMetrics()
      .metrics.read()
      .flatMap(({ type, family }): [string, readonly string[]][] =>
        type === 'histogram'
          ? ['_bucket', '_sum', '_count'].map((suffix) => [`${family.name}${suffix}`, [...family.labels, 'le']])
          : [[family.name, family.labels]],
      ),
  )
}

interface Rule {
  readonly alert: string
  readonly expr: string
  readonly labels?: { readonly severity?: string }
  readonly annotations?: { readonly summary?: string }
}

const rules = (parse(shipped('deploy/prometheus/switchback-rules.yaml')) as { groups: { rules: Rule[] }[] }).groups.flatMap(
  (group) => group.rules,
)
const dashboard = JSON.parse(shipped('deploy/grafana/switchback.json')) as {
  panels: { title: string; gridPos: { x: number; y: number; w: number; h: number }; targets?: { expr: string }[] }[]
}
const panelled = dashboard.panels.flatMap(({ title, targets = [] }) => targets.map(({ expr }) => ({ where: title, expr })))
const expressions = [...panelled, ...rules.map(({ alert, expr }) => ({ where: alert, expr }))]

/** Labels that Prometheus itself puts on everything. */
const OF_PROMETHEUS = ['instance', 'job']
const namesIn = (expr: string): string[] => expr.match(/\b(switchback|process)_[a-z0-9_]+/g) ?? []

describe('what deploy/ shows and watches', () => {
  test('is made of metrics the gateway has', () => {
    const known = knownNames()
    expect(expressions.length).toBeGreaterThan(40)
    const unknown = expressions.flatMap(({ where, expr }) =>
      namesIn(expr)
        .filter((name) => !known.has(name))
        .map((name) => `${where}: ${name}`),
    )
    expect(unknown).toEqual([])
  })

  test('asks for labels that those metrics have', () => {
    const known = knownNames()
    const wrong = expressions.flatMap(({ where, expr }) => {
      const labels = new Set([...OF_PROMETHEUS, ...namesIn(expr).flatMap((name) => known.get(name) ?? [])])
      const grouped = [...expr.matchAll(/by \(([^)]*)\)/g)].flatMap(([, list = '']) =>
        list.split(',').map((label) => label.trim()),
      )
      const matched = [...expr.matchAll(/([a-z_]+)=~?"/g)].map(([, label = '']) => label)
      return [...grouped, ...matched].filter((label) => !labels.has(label)).map((label) => `${where}: ${label}`)
    })
    expect(wrong).toEqual([])
  })

  test('leaves no metric of the gateway out of sight', () => {
    const used = new Set(expressions.flatMap(({ expr }) => namesIn(expr).map((name) => name.replace(/_(bucket|sum|count)$/, ''))))
    const unseen = gatewayMetrics()
      .metrics.read()
      .map(({ family }) => family.name)
      .filter((name) => !used.has(name))
    expect(unseen).toEqual([])
  })

  test('has rules with a name of their own, a severity and a sentence', () => {
    expect(new Set(rules.map(({ alert }) => alert)).size).toBe(rules.length)
    for (const { alert, expr, labels, annotations } of rules) {
      expect([alert, labels?.severity]).toEqual([alert, expect.stringMatching(/^(warning|critical)$/)])
      expect(annotations?.summary).toBeString()
      expect(expr.split('(').length).toBe(expr.split(')').length)
    }
  })

  test('has panels that lie beside each other', () => {
    const cells = dashboard.panels.flatMap(({ gridPos: { x, y, w, h } }) =>
      Array.from({ length: w * h }, (_none, index) => `${x + (index % w)},${y + Math.floor(index / w)}`),
    )
    expect(new Set(cells).size).toBe(cells.length)
  })
})

describe('gauges', () => {
  const lines = (parts: Partial<ObservedParts> = {}): string[] => gatewayMetrics(parts).metrics.expose().split('\n')

  test('show what runs, waits and is written', () => {
    const shown = lines({
      queue: () => ({ waiting: 4, longestWaitMs: 1500 }),
      records: { backlog: () => ({ waiting: 7, dropped: 2, failing: true }) },
    })
    expect(shown).toContain('switchback_requests_running 3')
    expect(shown).toContain('switchback_queue_waiting 4')
    expect(shown).toContain('switchback_queue_longest_wait_seconds 1.5')
    expect(shown).toContain('switchback_records_waiting 7')
    expect(shown).toContain('switchback_records_dropped_total 2')
  })

  test('have no series for what a gateway does not have', () => {
    expect(lines().some((line) => /^switchback_(queue|budget)/.test(line))).toBe(false)
  })

  test('show the budgets that are used most, and no more than a hundred', () => {
    const budgets = Array.from({ length: 5_000 }, (_none, index) => ({
      scope: 'key' as const,
      id: `k${index}`,
      window: 'daily' as const,
      limitNanos: 1e9,
      usedNanos: index * 1e5,
    }))
    const shown = lines({ budgets: () => budgets }).filter((line) => line.startsWith('switchback_budget_used_ratio{'))
    expect(shown).toHaveLength(100)
    expect(shown[0]).toBe('switchback_budget_used_ratio{scope="key",id="k4999",window="daily"} 0.4999')
  })

  test('forget what is gone', () => {
    const locked = {
      provider: 'acme',
      id: 'a',
      healthy: false,
      locks: [{ scope: 'account', error_code: 'upstream_timeout', retry_after_ms: 1 }],
    }
    let accounts: unknown[] = [locked]
    const { metrics } = gatewayMetrics({ accounts: { snapshot: () => accounts } as unknown as ObservedParts['accounts'] })
    expect(metrics.expose()).toContain('switchback_account_locks{provider="acme",scope="account",cause="upstream_timeout"} 1')
    expect(metrics.expose()).toContain('switchback_accounts_usable{provider="acme"} 0')
    accounts = []
    expect(metrics.expose()).not.toContain('provider="acme",scope')
  })
})

test('costs are counted in dollars, and unknown ones apart', () => {
  const { metrics } = gatewayMetrics()
  const cost = { snapshot, providerId: 'acme', targetId: 'acme/large' }
  metrics.countCost({ ...cost, nanos: 1_500_000_000 })
  metrics.countCost({ ...cost, nanos: 500_000_000 })
  metrics.countCost({ ...cost, targetId: 'acme/made-up', nanos: undefined })
  expect(metrics.expose()).toContain('switchback_cost_usd_total{provider="acme",target="acme/large"} 2\n')
  expect(metrics.expose()).toContain('switchback_unpriced_attempts_total{provider="acme",target="other"} 1\n')
})

test('what is held back is counted before anybody reads', () => {
  const clock = new ManualClock()
  const metrics: GatewayMetrics = createGatewayMetrics({ clock, version: '9' }, () =>
    metrics.countRequest(endedRequest(snapshot)),
  )
  expect(metrics.expose()).toContain('switchback_requests_total{route="coding",format="openai",status="2xx"} 1')
})

test('lag of the event loop is measured while the gateway serves', async () => {
  const { metrics, clock } = gatewayMetrics()
  metrics.start()
  await clock.advance(2_000)
  metrics.close()
  expect(metrics.expose()).toContain('switchback_event_loop_lag_seconds_count 4')
  expect(clock.pending).toBe(0)
})
