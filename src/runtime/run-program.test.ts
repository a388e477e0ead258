import { expect, test } from 'bun:test'
import { runProgram } from './run-program.ts'

const LONG_MS = 60_000

test.each([
  ['what it wrote', 'echo keys', 'keys\n'],
  ['nothing of one that failed afterwards', 'echo keys; exit 1', ''],
  ['nothing of one that was killed', 'echo keys; kill -9 $$', ''],
])('a program gives %s', async (_what, script, output) => {
  expect(await runProgram('/bin/sh', ['-c', script], LONG_MS)).toBe(output)
})

test('a program reads what it is given, and finds the end of it', async () => {
  expect(await runProgram('/bin/cat', [], LONG_MS, 'secret')).toBe('secret')
  expect(await runProgram('/bin/cat', [], LONG_MS)).toBe('')
})

test('a program that takes too long gives nothing', async () => {
  expect(await runProgram('/bin/sh', ['-c', 'echo keys; exec sleep 60'], 1)).toBe('')
})

test.each(['/no/such/program', 'a\0b', ''])('a program that cannot be run gives nothing: %j', async (program) => {
  expect(await runProgram(program, ['x'], LONG_MS)).toBe('')
})
