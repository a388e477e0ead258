import {
  loadConfig,
  type LoadConfigOptions,
  type LoadedConfig,
  type LoadResult,
  type RefusedConfig,
} from '../../src/config/load.ts'

/** A directory without files, an empty environment, and one configuration file with the given text. */
export function loadConfigText(
  text: string,
  options: Partial<LoadConfigOptions> & { files?: never; extraFiles?: Record<string, string> } = {},
): LoadResult {
  const { extraFiles = {}, ...rest } = options
  const files: Record<string, string> = { '/etc/gateway/switchback.yaml': text, ...extraFiles }
  return loadConfig({
    env: {},
    cwd: '/srv/app',
    home: '/home/someone',
    path: '/etc/gateway/switchback.yaml',
    ...rest,
    files: { readText: (path) => (Object.hasOwn(files, path) ? files[path] : undefined) },
  })
}

/** The loaded configuration; throws with all problems when it was refused. */
export function loaded(result: LoadResult): LoadedConfig {
  if (!result.ok)
    throw new Error(
      `refused:\n${result.problems.map((problem) => `${problem.line}: ${problem.path}: ${problem.message}`).join('\n')}`,
    )
  return result
}

/** The refusal; throws when the configuration was accepted. */
export function refused(result: LoadResult): RefusedConfig {
  if (result.ok) throw new Error('the configuration was accepted')
  return result
}
