import { describe, expect, test } from 'bun:test'
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { GatewayError } from '../errors/gateway-error.ts'
import type { LogLevel } from './log-line.ts'
import { createLogger, type ProcessLogger } from './logger.ts'

/** What a logger writes, as parsed lines. */
async function linesOf(level: LogLevel, use: (logger: ProcessLogger) => void): Promise<Record<string, unknown>[]> {
  const folder = mkdtempSync(join(tmpdir(), 'switchback-log-'))
  const path = join(folder, 'log')
  const descriptor = openSync(path, 'w')
  try {
    const logger = createLogger({ level, descriptor })
    use(logger)
    await logger.flush()
    return readFileSync(path, 'utf8')
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as Record<string, unknown>)
  } finally {
    closeSync(descriptor)
    rmSync(folder, { recursive: true })
  }
}

const CANARY = 'canary-7d1f'

describe('the logger', () => {
  test('writes one JSON line with level, time and facts', async () => {
    const [line] = await linesOf('info', (logger) => logger.info({ revision: 3 }, 'configuration applied'))
    expect(line).toMatchObject({ level: 'info', revision: 3, msg: 'configuration applied' })
    expect(String(line?.['time'])).toMatch(/^\d{4}-\d\d-\d\dT/)
  })

  test('leaves out what is below its level', async () => {
    expect(await linesOf('warn', (logger) => logger.info({}, 'detail'))).toHaveLength(0)
    expect(await linesOf('silent', (logger) => logger.error({}, 'trouble'))).toHaveLength(0)
  })

  test('never writes bodies, headers or keys, even when handed some', async () => {
    const written = await linesOf('info', (logger) => {
      logger.info({ apiKey: CANARY, body: { messages: CANARY }, call: { headers: CANARY, prompt: CANARY } }, 'careless')
    })
    expect(JSON.stringify(written)).not.toContain(CANARY)
  })

  test('keeps codes of upstream errors and drops their text', async () => {
    const error = new GatewayError('upstream_rate_limited', CANARY, { target: 'a/m', upstream: { status: 429, message: CANARY } })
    const [line] = await linesOf('info', (logger) => logger.warn({ error }, 'attempt failed'))
    expect(line?.['error']).toMatchObject({ code: 'upstream_rate_limited', target: 'a/m', upstream_status: 429 })
    expect(JSON.stringify(line)).not.toContain(CANARY)
  })

  test('does not quote unreadable JSON', async () => {
    const [line] = await linesOf('info', (logger) => {
      try {
        JSON.parse(`{"prompt": ${CANARY}`)
      } catch (error) {
        logger.error({ error }, 'unreadable')
      }
    })
    expect(line?.['error']).toMatchObject({ type: 'SyntaxError' })
    expect(JSON.stringify(line)).not.toContain(CANARY)
  })

  test("shows message, place and cause of the gateway's own faults", async () => {
    const error = new Error('outer', { cause: new Error('inner') })
    const [line] = await linesOf('info', (logger) => logger.error({ error }, 'fault'))
    expect(line?.['error']).toMatchObject({ message: 'outer', cause: { message: 'inner' } })
    expect(JSON.stringify(line)).toContain('logger.test.ts')
  })
})
