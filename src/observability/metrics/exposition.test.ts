import { describe, expect, test } from 'bun:test'
import { exposition } from './exposition.ts'
import { MetricRegistry } from './registry.ts'

describe('the text for Prometheus', () => {
  test('tells help, type and every series of a counter', () => {
    const registry = new MetricRegistry()
    const family = registry.counter({ name: 'calls_total', help: 'Calls.', labels: ['route', 'status'] })
    family.of('coding', '2xx').add(3)
    family.of('coding', '5xx').add()
    expect(exposition(registry.read())).toBe(
      [
        '# HELP calls_total Calls.',
        '# TYPE calls_total counter',
        'calls_total{route="coding",status="2xx"} 3',
        'calls_total{route="coding",status="5xx"} 1',
        '',
      ].join('\n'),
    )
  })

  test('counts buckets cumulatively, bounds included', () => {
    const registry = new MetricRegistry()
    const seconds = registry.histogram({ name: 'seconds', help: 'S.', labels: ['target'], bounds: [0.5, 1] }).of('a/b')
    for (const value of [0.2, 0.5, 0.7, 4]) seconds.observe(value)
    expect(exposition(registry.read()).split('\n').slice(2, 7)).toEqual([
      'seconds_bucket{target="a/b",le="0.5"} 2',
      'seconds_bucket{target="a/b",le="1"} 3',
      'seconds_bucket{target="a/b",le="+Inf"} 4',
      'seconds_sum{target="a/b"} 5.4',
      'seconds_count{target="a/b"} 4',
    ])
  })

  test('escapes what would end a label or a line', () => {
    const registry = new MetricRegistry()
    registry.gauge({ name: 'g', help: 'one\ntwo \\', labels: ['a'] }).of('x"\n\\').value = Number.POSITIVE_INFINITY
    expect(exposition(registry.read())).toBe('# HELP g one\\ntwo \\\\\n# TYPE g gauge\ng{a="x\\"\\n\\\\"} +Inf\n')
  })

  test('shows gauges as they are when they are read', () => {
    const registry = new MetricRegistry()
    const gauge = registry.gauge({ name: 'g', help: 'G.' }).of()
    let now = 1
    registry.onRead(() => (gauge.value = now))
    expect(exposition(registry.read())).toContain('\ng 1\n')
    now = 2
    expect(exposition(registry.read())).toContain('\ng 2\n')
  })
})

test('a family that nobody can bound by its labels ends in `other`', () => {
  const family = new MetricRegistry().counter({ name: 'c', help: 'C.', labels: ['a', 'b'] })
  for (let index = 0; index < 20_000; index++) family.of(`a${index}`, 'b').add()
  expect(family.size).toBeLessThanOrEqual(5_001)
  expect(family.of('other', 'other').value).toBe(20_000 - 5_000)
})
