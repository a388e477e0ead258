import { existsSync, readFileSync } from 'node:fs'
import { dirname } from 'node:path'
import type { ProcessSurroundings } from '../../config/env.ts'
import { configFile, configuredPath } from '../../config/locate.ts'
import { type HeaderSecrecy, withoutPlainSecrets } from '../../config/written-config.ts'
import { parseYaml } from '../../config/yaml-document.ts'
import { GatewayError } from '../../errors/gateway-error.ts'
import { isObject } from '../../ir/json.ts'

/** A configuration file as it is sent to be published. */
export interface ConfigText {
  /** As it was found. */
  readonly path: string
  readonly document: string
  /** Texts of the policy tests it names, by those names. */
  readonly policyFiles: Readonly<Record<string, string>>
}

/** Reads the named file, or the first of the search path, with the policy tests it names. Throws `config_invalid` for one that cannot be read. */
export function readConfigText(surroundings: ProcessSurroundings, named: string | undefined): ConfigText {
  const { home } = surroundings
  const path = configFile(surroundings, named, existsSync)
  if (path === undefined)
    throw new GatewayError(
      'config_invalid',
      'There is no configuration file here. Name one: switchback config publish --config switchback.yaml',
    )
  const document = readText(path, 'configuration')
  const baseDirectory = dirname(path)
  const policyFiles = policyNames(document).map((name) => [
    name,
    readText(configuredPath(name, { baseDirectory, home }), 'file of policy tests'),
  ])
  return { path, document, policyFiles: Object.fromEntries(policyFiles) as Record<string, string> }
}

/** A text as the history would keep it; as it is where it cannot be read as a configuration. `headers` as of what it is compared with. */
export const keptText = ({ document }: Pick<ConfigText, 'document'>, headers: HeaderSecrecy): string =>
  parseYaml(document).problems.length > 0 ? document : withoutPlainSecrets(document, headers).document

function policyNames(document: string): string[] {
  const { value } = parseYaml(document)
  const names: unknown = isObject(value) ? value['policy_tests'] : undefined
  return Array.isArray(names) ? names.filter((name) => typeof name === 'string') : []
}

function readText(path: string, what: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch (cause) {
    throw new GatewayError('config_invalid', `The ${what} ${path} cannot be read. Check the path and its rights.`, { cause })
  }
}
