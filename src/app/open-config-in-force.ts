import type { FormatFinder } from '../engine/formats/format-finder.ts'
import { ConfigInForce, type ConfigInForceOptions } from '../operations/revisions/config-in-force.ts'
import { noteConfiguration } from '../operations/note-configuration.ts'
import { prepareReload, type ReloadParts } from '../operations/reload-config.ts'
import type { FollowedKeys } from '../operations/tenancy/follow-keys.ts'
import type { GatewayState } from '../state/open-state.ts'
import type { Surroundings } from './surroundings.ts'

export interface ConfigInForceParts extends Omit<ReloadParts, 'clock' | 'state'> {
  readonly state: GatewayState
  readonly surroundings: Surroundings
  readonly issued: Pick<FollowedKeys, 'keys'>
  /** Finds out what upstreams of `format: auto` speak, beside everything else: nobody waits for it. */
  readonly formats: Pick<FormatFinder, 'prepare'>
  readonly load?: ConfigInForceOptions['load']
  readonly tell?: ConfigInForceOptions['tell'] | undefined
}

/** What the gateway serves by, and what follows from a change of it. */
export function openConfigInForce(parts: ConfigInForceParts): ConfigInForce {
  const { live, state, surroundings, issued, formats, load, tell } = parts
  const { clock, logger } = surroundings
  let seen = live.config
  return new ConfigInForce({
    store: state.revisions,
    live,
    load,
    prepare: (config) => prepareReload(config, { ...parts, clock }),
    changed() {
      const { configHash, revision } = live.snapshot()
      state.coordination.describe({ configHash, revision })
      noteConfiguration({ configHash, revision }, { ...surroundings, audit: state.audit })
      if (live.config === seen) return
      seen = live.config
      void formats.prepare(live.snapshot().targets)
      issued.keys.renew()
    },
    clock,
    tell: tell ?? ((line) => logger.warn({}, line)),
    warn: (message, facts) => logger.warn(facts, message),
  })
}
