import { afterEach, describe, expect, test } from 'bun:test'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import packageFile from '../../package.json' with { type: 'json' }
import { CommandLine } from '../support/command-line.ts'

const open: CommandLine[] = []
const newHome = (variables?: Record<string, string>): CommandLine => {
  const home = new CommandLine(variables)
  open.push(home)
  return home
}
afterEach(async () => {
  for (const home of open.splice(0)) await home.dispose()
})

const configIn = (home: CommandLine, yaml: string): string => {
  const path = join(home.home, 'switchback.yaml')
  writeFileSync(path, yaml)
  return path
}

describe('the command line', () => {
  test('prints the version of the package on stdout', async () => {
    expect(await newHome().run(['--version'])).toEqual({ exitCode: 0, stdout: `${packageFile.version}\n`, stderr: '' })
  })

  test('prints help on stdout when asked, and on stderr with exit code 2 when nothing was asked', async () => {
    const asked = await newHome().run(['--help'])
    expect(asked.exitCode).toBe(0)
    expect(asked.stdout).toContain('route-preview')
    const bare = await newHome().run([])
    expect(bare).toMatchObject({ exitCode: 2, stdout: '' })
    expect(bare.stderr).toContain('Usage: switchback')
  })

  test('calls unknown commands and options a mistake of the caller, and names the nearest', async () => {
    const command = await newHome().run(['explian', 'last'])
    expect(command).toMatchObject({ exitCode: 2, stdout: '' })
    expect(command.stderr).toContain('explain')
    expect((await newHome().run(['serve', '--prot', '1'])).exitCode).toBe(2)
  })
})

describe('config', () => {
  test('validate accepts having no file at all', async () => {
    const result = await newHome().run(['config', 'validate'])
    expect(result.exitCode).toBe(0)
    expect(result.stdout).toContain('The configuration is valid')
  })

  test('validate lists every problem with its line and ends with 2', async () => {
    const home = newHome()
    configIn(
      home,
      'server:\n  bnd: 127.0.0.1:8765\nproviders:\n  - id: a\n    type: openai_compatible\nroutes:\n  - name: r\n    match: { model: m }\n    targets: [nobody/m]\n',
    )
    const result = await home.run(['config', 'validate'])
    expect(result).toMatchObject({ exitCode: 2, stdout: '' })
    expect(result.stderr).toContain('switchback.yaml:2:3')
    expect(result.stderr).toContain('bind')
    expect(result.stderr).toContain('base_url')
    expect(result.stderr).toContain('nobody')
  })

  test('validate --json tells the same to machines, wherever the flag stands', async () => {
    const home = newHome()
    configIn(home, 'nonsense: true\n')
    for (const words of [
      ['config', 'validate', '--json'],
      ['--json', 'config', 'validate'],
    ]) {
      const result = await home.run(words)
      expect(result.exitCode).toBe(2)
      expect(JSON.parse(result.stdout)).toMatchObject({ ok: false, problems: [{ path: 'nonsense', line: 1 }] })
    }
  })

  test('schema prints a JSON Schema', async () => {
    const result = await newHome().run(['config', 'schema'])
    expect(result.exitCode).toBe(0)
    expect(JSON.parse(result.stdout)).toMatchObject({ type: 'object', properties: { providers: {} } })
  })
})

describe('route-preview', () => {
  test('shows where a call would go, without a gateway', async () => {
    const result = await newHome().run(['route-preview', '--model', 'anything'])
    expect(result.exitCode).toBe(0)
    expect(result.stdout.split('\n')[0]).toBe('A call for "anything" would go to mock/echo; nobody stands behind it.')
  })

  test('--json gives the decision itself', async () => {
    const result = await newHome().run(['route-preview', '--model', 'mock/echo', '--stream', '--json'])
    expect(JSON.parse(result.stdout)).toMatchObject({
      schema: 'switchback.decision/v1',
      selected: { target_id: 'mock/echo' },
      inputs: { stream: true, client_format: 'openai' },
    })
  })

  test('knows the prices of the data directory', async () => {
    const home = newHome()
    configIn(home, 'providers:\n  - { id: mock, type: mock, models: [dear, cheap] }\n')
    for (const [model, price] of [
      ['dear', '9'],
      ['cheap', '1'],
    ] as const)
      expect((await home.run(['price', 'set', `mock/${model}`, '--input', price, '--output', price])).exitCode).toBe(0)
    const result = await home.run(['route-preview', '--model', 'auto/cheap', '--json'])
    expect(JSON.parse(result.stdout)).toMatchObject({
      selected: { target_id: 'mock/cheap' },
      fallbacks: [{ target_id: 'mock/dear' }],
    })
  })

  test('takes a body of any format from stdin', async () => {
    const body = JSON.stringify({ model: 'mock/echo', max_tokens: 5, system: 's', messages: [{ role: 'user', content: 'hi' }] })
    const result = await newHome().run(['route-preview', '--body', '-', '--json'], body)
    expect(JSON.parse(result.stdout)).toMatchObject({ inputs: { client_format: 'anthropic', max_output_tokens: 5 } })
  })

  test('says what to do when no model was named, the body is unreadable or the model unknown', async () => {
    const home = newHome()
    expect(await home.run(['route-preview'])).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('--model') })
    expect(await home.run(['route-preview', '--body', '-'], '{')).toMatchObject({
      exitCode: 2,
      stderr: expect.stringContaining('JSON'),
    })
    configIn(home, 'providers:\n  - { id: mock, type: mock }\n')
    const unknown = await home.run(['route-preview', '--model', 'nobody-knows', '--json'])
    expect(unknown.exitCode).toBe(1)
    expect(JSON.parse(unknown.stdout)).toMatchObject({ ok: false, error: { code: 'model_not_found' } })
  })
})

describe('explain', () => {
  test('says so when nothing was recorded yet', async () => {
    const result = await newHome().run(['explain', 'last'])
    expect(result).toMatchObject({ exitCode: 1, stdout: '' })
    expect(result.stderr).toContain('No request has been recorded yet')
  })

  test('refuses a gateway that does not run with what to do', async () => {
    const result = await newHome().run(['explain', 'last', '--url', 'http://127.0.0.1:9'])
    expect(result.exitCode).toBe(1)
    expect(result.stderr).toContain('switchback serve')
  })
})
