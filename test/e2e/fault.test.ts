import { afterAll, expect, test } from 'bun:test'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { CommandLine } from '../support/command-line.ts'

const folder = mkdtempSync(join(tmpdir(), 'switchback-fault-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

test.each([
  ['a rejection that nobody handles', "Promise.reject(new TypeError('planted'))", 'TypeError'],
  ['an error in a timer', "throw new RangeError('planted')", 'RangeError'],
  ['something that is no error', 'Promise.reject(undefined)', 'undefined'],
])('%s ends a gateway with a line that says so', async (_what, fault, type) => {
  const file = join(folder, `${type}.ts`)
  // Once it serves, whoever sends the signal is answered with the fault.
  writeFileSync(file, `process.on('SIGUSR2', () => setTimeout(() => { ${fault} }))\n`)
  const home = new CommandLine({ BUN_OPTIONS: `--preload=${file}` })
  try {
    const gateway = await home.serve(['--log-level', 'silent'])
    gateway.signal('SIGUSR2')
    const { exitCode, stderr } = await gateway.finished
    expect(exitCode).toBe(1)
    expect(JSON.parse(stderr.trim().split('\n').at(-1) ?? '')).toMatchObject({ level: 'fatal', error: { type } })
  } finally {
    await home.dispose()
  }
})
