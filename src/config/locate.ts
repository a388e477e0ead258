import { isAbsolute, join, resolve } from 'node:path'
import { variable, type ProcessSurroundings } from './env.ts'
import type { CompileContext } from './compile-context.ts'

/** Where the configuration is looked for when none is named, in order. */
export function configSearchPath(surroundings: ProcessSurroundings): string[] {
  const base = xdgDirectory(surroundings, 'XDG_CONFIG_HOME', '.config')
  return [join(surroundings.cwd, 'switchback.yaml'), join(base, 'switchback', 'config.yaml')]
}

/** The named file, whether it is there or not, else the first of the search path that `exists`. Absolute. */
export function configFile(
  surroundings: ProcessSurroundings,
  named: string | undefined,
  exists: (path: string) => boolean,
): string | undefined {
  if (named !== undefined) return resolve(surroundings.cwd, withHome(named, surroundings.home))
  return configSearchPath(surroundings).find(exists)
}

/** The vault of a configuration that names none. Always absolute. */
export const defaultVaultPath = (surroundings: Pick<ProcessSurroundings, 'env' | 'home'>): string =>
  join(xdgDirectory(surroundings, 'XDG_CONFIG_HOME', '.config'), 'switchback', 'vault.age')

/** Directory for everything the gateway keeps: the flag, `SWITCHBACK_HOME`, or the XDG state directory. Always absolute. */
export function dataDirectory(surroundings: ProcessSurroundings, flag?: string): string {
  const named = flag ?? variable(surroundings.env, 'SWITCHBACK_HOME')
  if (named !== undefined) return resolve(surroundings.cwd, withHome(named, surroundings.home))
  return join(xdgDirectory(surroundings, 'XDG_STATE_HOME', join('.local', 'state')), 'switchback')
}

/** Relative values of XDG variables are to be ignored, says their specification. */
function xdgDirectory({ env, home }: Pick<ProcessSurroundings, 'env' | 'home'>, name: string, fallback: string): string {
  const value = variable(env, name)
  return value !== undefined && isAbsolute(value) ? value : join(home, fallback)
}

/** A path as the configuration names it, from the directory at which its relative paths start. */
export const configuredPath = (path: string, { baseDirectory, home }: Pick<CompileContext, 'baseDirectory' | 'home'>): string =>
  resolve(baseDirectory, withHome(path, home))

/** Replaces a leading `~/`, which no shell has expanded in a file or in `--flag=~/x`. */
export const withHome = (path: string, home: string): string =>
  path === '~' || path.startsWith('~/') ? join(home, path.slice(1)) : path
