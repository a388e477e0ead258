import { existsSync, readFileSync, realpathSync, statSync } from 'node:fs'
import { join } from 'node:path'
import type { ProcessSurroundings } from '../../config/env.ts'
import { configFile } from '../../config/locate.ts'
import { formatProblem } from '../../config/problem.ts'
import { withoutSecrets } from '../../config/secrecy.ts'
import { addToList, removeFromList } from '../../config/yaml-edit.ts'
import { parseYaml } from '../../config/yaml-document.ts'
import { GatewayError } from '../../errors/gateway-error.ts'
import { isObject } from '../../ir/json.ts'
import { lineDiff } from '../../lib/line-diff.ts'
import { nearest } from '../../lib/nearest.ts'
import { replaceFile } from '../../lib/replace-file.ts'
import { openConfig } from '../open-config.ts'
import { listWords } from '../story-words.ts'

/** A change of a configuration file that has been found good and is not made yet. */
export interface ConfigChange {
  /** Absolute. */
  readonly path: string
  /** Whether there is no such file yet. */
  readonly isNew: boolean
  readonly before: string
  readonly after: string
  /** Lines with `-`, `+` or a space in front; what looks like a secret is hidden. */
  readonly diff: readonly string[]
  /** What the changed configuration warns of and the one before did not. */
  readonly warnings: readonly string[]
}

export interface EditOptions {
  readonly surroundings: ProcessSurroundings
  /** `--config`; without it the file that `serve` would read, or a new one in the current folder. */
  readonly config?: string | undefined
}

export interface AddedProvider {
  readonly entry: Readonly<Record<string, unknown>>
  /** A route for one model name, besides. */
  readonly route?: { readonly name: string; readonly model: string } | undefined
}

/**
 * The change that adds a provider. Throws `config_invalid` when there is one of that id, when the file cannot be read, or when the
 * configuration would have problems.
 */
export async function planAddition(options: EditOptions, { entry, route }: AddedProvider): Promise<ConfigChange> {
  const file = readConfigFile(options)
  const id = String(entry['id'])
  if (providerIds(file).includes(id))
    throw new GatewayError(
      'config_invalid',
      `${file.path} has a provider ${id} already. Give the new one another name with --id, or take the old one out with "switchback provider remove ${id}".`,
    )
  const added = addToList(file.text, 'providers', entry)
  const target = route && `${id}/${route.model}`
  const after =
    route === undefined
      ? added
      : addToList(added, 'routes', { name: route.name, match: { model: route.name }, targets: [target] })
  return checkedChange(options, file, after)
}

/** The change that takes a provider out. Throws as `planAddition`, and when routes still lead to it. */
export async function planRemoval(options: EditOptions, id: string): Promise<ConfigChange> {
  const file = readConfigFile(options)
  const ids = providerIds(file)
  const index = ids.indexOf(id)
  if (index === -1) {
    const meant = nearest(id, ids)
    throw new GatewayError(
      'subject_not_found',
      `${file.path} has no provider of that name. ${meant === undefined ? `It has ${ids.length === 0 ? 'none at all' : listWords(ids)}.` : `Did you mean ${meant}?`}`,
    )
  }
  const users = usersOf(file.data, id)
  if (users.length > 0)
    throw new GatewayError(
      'config_invalid',
      `${listWords(users)} ${users.length === 1 ? 'leads' : 'lead'} to ${id}. Change that first, in ${file.path}; nothing was taken out.`,
    )
  return checkedChange(options, file, removeFromList(file.text, 'providers', index))
}

/** Makes the change. Throws `config_invalid` when somebody else has changed the file meanwhile, `state_unavailable` when it cannot be written. */
export function makeChange({ path, isNew, before, after }: ConfigChange): void {
  try {
    const target = isNew ? path : realpathSync(path)
    if (!isNew && readFileSync(target, 'utf8') !== before)
      throw new GatewayError('config_invalid', `${path} was changed by somebody else meanwhile. Nothing was written; try again.`)
    replaceFile(target, after, { mode: isNew ? 0o600 : statSync(target).mode & 0o777 })
  } catch (cause) {
    if (cause instanceof GatewayError) throw cause
    const reason = cause instanceof Error ? cause.message : String(cause)
    throw new GatewayError('state_unavailable', `${path} cannot be written: ${reason}. Nothing was changed.`, { cause })
  }
}

interface ConfigText {
  readonly path: string
  readonly isNew: boolean
  readonly text: string
  readonly data: unknown
}

function readConfigFile({ surroundings, config }: EditOptions): ConfigText {
  const path = configFile(surroundings, config, existsSync) ?? join(surroundings.cwd, 'switchback.yaml')
  if (!existsSync(path)) return { path, isNew: true, text: '', data: {} }
  let text: string
  try {
    text = readFileSync(path, 'utf8')
  } catch (cause) {
    throw new GatewayError('config_invalid', `${path} cannot be read. Check that it is a file and that this user may read it.`, {
      cause,
    })
  }
  const { value, problems } = parseYaml(text)
  if (problems.length > 0 || (value !== null && value !== undefined && !isObject(value)))
    throw new GatewayError(
      'config_invalid',
      `${path} is no valid configuration, so nothing can be changed in it. "switchback config validate" tells what is wrong.`,
    )
  return { path, isNew: false, text, data: value }
}

const listOf = (data: unknown, key: string): readonly unknown[] =>
  isObject(data) && Array.isArray(data[key]) ? (data[key] as unknown[]) : []

const providerIds = ({ data }: ConfigText): string[] =>
  listOf(data, 'providers').map((provider) => (isObject(provider) ? String(provider['id']) : ''))

/** Routes and combos with a target at the provider. */
function usersOf(data: unknown, id: string): string[] {
  const combos = isObject(data) && isObject(data['combos']) ? Object.entries(data['combos']) : []
  const named: [string, unknown][] = [
    ...listOf(data, 'routes').map((route): [string, unknown] => [`route ${nameOf(route)}`, route]),
    ...listOf(data, 'combos').map((combo): [string, unknown] => [`combo ${nameOf(combo)}`, combo]),
    ...combos.map(([name, combo]): [string, unknown] => [`combo ${name}`, combo]),
  ]
  return named.flatMap(([what, value]) => {
    const targets = [...listOf(value, 'targets'), ...listOf(value, 'models')]
    return targets.some((target) => typeof target === 'string' && target.startsWith(`${id}/`)) ? [what] : []
  })
}

const nameOf = (value: unknown): string => (isObject(value) ? String(value['name']) : '')

async function checkedChange(options: EditOptions, file: ConfigText, after: string): Promise<ConfigChange> {
  const { path, isNew, text: before } = file
  const warnedBefore = isNew ? [] : (await loadAs(options, path, before)).warnings.map(({ message }) => message)
  const loaded = await loadAs(options, path, after)
  if (!loaded.ok) {
    const lines = loaded.problems.map((problem) => `  ${formatProblem(problem)}`)
    throw new GatewayError(
      'config_invalid',
      `Nothing was written, because the configuration would not be taken:\n${lines.join('\n')}`,
      { details: { problems: loaded.problems } },
    )
  }
  const warnings = loaded.warnings.filter(({ message }) => !warnedBefore.includes(message)).map(formatProblem)
  return { path, isNew, before, after, diff: lineDiff(before, after).map(withoutSecrets), warnings }
}

/** What the configuration would be with this text in the file. */
function loadAs({ surroundings }: EditOptions, path: string, text: string) {
  const readText = (asked: string): string | undefined =>
    asked === path ? text : existsSync(asked) ? readFileSync(asked, 'utf8') : undefined
  return openConfig({ ...surroundings, path, files: { readText } })
}
