import { afterEach, expect, test } from 'bun:test'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { CommandLine } from '../support/command-line.ts'

const open: CommandLine[] = []
afterEach(async () => {
  for (const home of open.splice(0)) await home.dispose()
})

function homeWith(config: string): CommandLine {
  const home = new CommandLine()
  open.push(home)
  writeFileSync(join(home.home, 'switchback.yaml'), config)
  return home
}

test('doctor ends with 0 when nothing fails, with 1 when something does, with 2 when the configuration would not be taken', async () => {
  const well = await homeWith('providers: [{ id: mock, type: mock }]\n').run(['doctor'])
  expect(well).toMatchObject({ exitCode: 0, stderr: '' })
  expect(well.stdout).toMatch(/^ok {4}configuration {2}\S+switchback\.yaml: 1 provider, \d+ models\.\n/)
  expect(well.stdout).toMatch(/\n\n(Everything is in order|0 failures, \d+ warnings?)\.\n$/)

  const lame = await homeWith(
    'providers: [{ id: openai, type: openai, api_key_env: NOBODY_SETS_THIS }]\nroutes: [{ name: r, match: { model: r }, targets: [openai/gpt-5] }]\n',
  ).run(['doctor', '--json'])
  expect(lame.exitCode).toBe(1)
  expect(JSON.parse(lame.stdout)).toMatchObject({ schema: 'switchback.doctor/v1', ok: false, refused: false, failures: 1 })

  const wrong = await homeWith('sever: {}\n').run(['doctor'])
  expect(wrong.exitCode).toBe(2)
  expect(wrong.stdout).toContain('FAIL  configuration  ')
  expect(wrong.stdout).toContain('Did you mean server?')
})
