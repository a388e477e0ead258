import { describe, expect, test } from 'bun:test'
import { loaded, loadConfigText, refused } from '../../test/support/load-config-text.ts'
import { redactedConfig } from './redact.ts'

const telemetry = (destination: string): string => `telemetry: { otlp: [${destination}] }`

describe('destinations of OpenTelemetry', () => {
  test('take credentials from the environment and never show them', () => {
    const text = telemetry(
      '{ endpoint: "https://lf.example/otel/", username: pk, password: "${LF_SECRET}", headers: { x-key: "${KEY}" } }',
    )
    const { compiled, config } = loaded(loadConfigText(text, { env: { LF_SECRET: 'hunter2', KEY: 'hunter3' } }))
    const [destination] = compiled.telemetry.otlp
    expect(destination?.endpoint).toBe('https://lf.example/otel')
    expect(destination?.headers['authorization']?.reveal()).toBe(`Basic ${Buffer.from('pk:hunter2').toString('base64')}`)
    expect(destination?.headers['x-key']?.reveal()).toBe('hunter3')
    expect(JSON.stringify([config, redactedConfig(config), compiled.telemetry])).not.toMatch(/hunter|aHVudGVy/)
  })

  test('without their password are left out with a warning', () => {
    const text = telemetry('{ endpoint: "https://lf.example", username: pk, password: "${LF_SECRET}" }')
    const { compiled, warnings } = loaded(loadConfigText(text))
    expect(compiled.telemetry.otlp).toEqual([])
    expect(warnings.map(({ message }) => message).join()).toContain('LF_SECRET is not set')
  })

  test('want a name and a password together', () => {
    const { problems } = refused(loadConfigText(telemetry('{ endpoint: "https://lf.example", username: pk }')))
    expect(problems.map(({ message }) => message)).toEqual([
      '`username` and `password` belong together. Write both, or leave both out.',
    ])
  })
})
