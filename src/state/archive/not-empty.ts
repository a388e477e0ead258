import { GatewayError } from '../../errors/gateway-error.ts'
import type { ArchivePart } from './parts.ts'

/** An archive must not be mixed with what is there. */
export const notEmpty = (name: string, part: ArchivePart): GatewayError =>
  new GatewayError(
    'state_incompatible',
    `${name} is not empty: it holds ${part.name.replaceAll('_', ' ')} already. An archive is only taken over into an empty store. Name another one in state.store.`,
  )
