import { describe, expect, test } from 'bun:test'
import { configSearchPath, dataDirectory } from './locate.ts'
import { readSurroundings } from './env.ts'

const surroundings = (env: Record<string, string> = {}) => ({ env, cwd: '/srv/app', home: '/home/someone' })

describe('the search path of the configuration', () => {
  test('is the working directory, then the XDG directory', () => {
    expect(configSearchPath(surroundings())).toEqual(['/srv/app/switchback.yaml', '/home/someone/.config/switchback/config.yaml'])
    expect(configSearchPath(surroundings({ XDG_CONFIG_HOME: '/xdg' }))[1]).toBe('/xdg/switchback/config.yaml')
  })

  test('ignores a relative XDG directory, as its specification says', () => {
    expect(configSearchPath(surroundings({ XDG_CONFIG_HOME: 'xdg' }))[1]).toBe('/home/someone/.config/switchback/config.yaml')
  })
})

describe('the data directory', () => {
  test('is that of the flag, of SWITCHBACK_HOME, or the XDG one', () => {
    const env = { SWITCHBACK_HOME: '/data', XDG_STATE_HOME: '/state' }
    expect(dataDirectory(surroundings(env), 'here')).toBe('/srv/app/here')
    expect(dataDirectory(surroundings(env))).toBe('/data')
    expect(dataDirectory(surroundings({ XDG_STATE_HOME: '/state' }))).toBe('/state/switchback')
    expect(dataDirectory(surroundings())).toBe('/home/someone/.local/state/switchback')
    expect(dataDirectory(surroundings({ SWITCHBACK_HOME: '' }))).toBe('/home/someone/.local/state/switchback')
  })

  test('may begin with a tilde', () => {
    expect(dataDirectory(surroundings(), '~/x')).toBe('/home/someone/x')
  })
})

test('the surroundings of the process are read in one place', () => {
  const { cwd, home, env } = readSurroundings()
  expect([typeof cwd, typeof home, typeof env['PATH']]).toEqual(['string', 'string', 'string'])
})
