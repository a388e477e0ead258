import { variable, type Environment } from '../../config/env.ts'
import type { Preset } from '../../providers/presets/index.ts'
import type { ConfigChange } from './edit-providers.ts'
import type { ListedProvider } from './list-providers.ts'

/** A table without lines: each column as wide as its widest cell, the last one as it is. */
function table(rows: readonly (readonly string[])[]): string[] {
  const widths = rows.reduce<number[]>((widest, row) => row.map((cell, at) => Math.max(widest[at] ?? 0, cell.length)), [])
  return rows.map((row) => row.map((cell, at) => (at === row.length - 1 ? cell : cell.padEnd(widths[at] ?? 0))).join('  '))
}

export function renderPresets(presets: readonly Preset[], env: Environment): string {
  const keyOf = ({ keyVariable }: Preset): string =>
    keyVariable === undefined ? '-' : `${keyVariable}${variable(env, keyVariable) === undefined ? '' : ' (set)'}`
  const rows = presets.map((preset) => [preset.id, preset.name, preset.baseUrl ?? '-', keyOf(preset), preset.docs])
  return table([['PRESET', 'NAME', 'ADDRESS', 'KEY', 'MODELS'], ...rows]).join('\n')
}

export function renderProviders(providers: readonly ListedProvider[]): string {
  if (providers.length === 0) return 'There are no providers. Add one with "switchback provider add PRESET".'
  const rows = providers.map(({ id, type, format, base_url: address, accounts, unusable }) => [
    id,
    type,
    format,
    accounts.length === 0 ? 'none can be used' : accounts.join(', '),
    unusable.length === 0 ? '-' : `${unusable.join(', ')} (no key)`,
    address === '' ? '-' : address,
  ])
  return table([['PROVIDER', 'TYPE', 'FORMAT', 'ACCOUNTS', 'UNUSABLE', 'ADDRESS'], ...rows]).join('\n')
}

/** The lines that would change, below the name of the file. */
export const renderChange = ({ path, isNew, diff }: ConfigChange): string =>
  [`${path}${isNew ? ' (new)' : ''}`, ...diff].join('\n')
