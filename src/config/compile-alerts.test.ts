import { describe, expect, test } from 'bun:test'
import { loaded, loadConfigText, refused } from '../../test/support/load-config-text.ts'
import { redactedConfig } from './redact.ts'

const alerts = (webhook: string): string => `alerts: { webhooks: [${webhook}] }`

describe('webhooks', () => {
  test.each([
    ['url_env: HOOK', { HOOK: 'https://hooks.example/hunter2' }],
    ['url: "${HOOK}"', { HOOK: 'https://hooks.example/hunter2' }],
    ['url: "https://hooks.example/hunter2"', {}],
  ])('with %s have an address that is never shown', (place, env) => {
    const { compiled, config } = loaded(loadConfigText(alerts(`{ id: ops, ${place} }`), { env }))
    expect(compiled.alerts.webhooks[0]?.url.reveal()).toBe('https://hooks.example/hunter2')
    expect(JSON.stringify([config, redactedConfig(config), compiled.alerts])).not.toContain('hunter2')
  })

  test('whose address is not there are left out with a warning', () => {
    const { compiled, warnings } = loaded(loadConfigText(alerts('{ id: ops, url_env: HOOK }')))
    expect(compiled.alerts.webhooks).toEqual([])
    expect(warnings.map(({ message }) => message)).toContain(
      'Nobody is told through this webhook, because HOOK is not set. Set it, or remove the entry.',
    )
  })

  test.each([
    ['{ id: ops }', 'The webhook has no address. Name the variable that holds it as `url_env`, or write `url`.'],
    [
      '{ id: ops, url: "ftp://x" }',
      'The address of the webhook is no http:// or https:// address. Write it whole, as https://hooks.example.com/….',
    ],
    ['{ id: a, url: "https://a" }, { id: a, url: "https://b" }', 'Two webhooks are named a. Give each its own id.'],
  ])('%s are refused', (webhook, message) => {
    const { problems } = refused(loadConfigText(alerts(webhook)))
    expect(problems.map((problem) => problem.message)).toEqual([message])
  })
})

test('how often and by which rules is compiled, with defaults', () => {
  const { compiled } = loaded(loadConfigText('alerts: { repeat: forever, rules: { disk_low: { free_mb: 5 } } }'))
  expect(compiled.alerts).toMatchObject({
    repeatMs: undefined,
    rules: { disk_low: { enabled: true, free_mb: 5 }, budget: { at: [0.8, 1] } },
  })
})
