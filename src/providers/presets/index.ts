import { CLOUD_PRESETS } from './clouds.data.ts'
import { HOST_PRESETS } from './hosts.data.ts'
import { LOCAL_PRESETS } from './local.data.ts'
import type { Preset } from './preset.types.ts'
import { ENVIRONMENT_PRESETS } from './vendors.data.ts'

export { ENVIRONMENT_PRESETS } from './vendors.data.ts'
export type { EnvironmentPreset, Preset } from './preset.types.ts'

/** Every upstream that is known by name. */
export const PRESETS: readonly Preset[] = [...ENVIRONMENT_PRESETS, ...HOST_PRESETS, ...LOCAL_PRESETS, ...CLOUD_PRESETS]

export const presetOf = (id: string): Preset | undefined => PRESETS.find((preset) => preset.id === id)
