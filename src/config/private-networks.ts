import type { BindAddress } from '../http/bind-address.schema.ts'
import type { ConfigParts } from './compile-context.ts'
import type { ConfigNotes } from './problem.ts'
import { isLoopbackAddress } from './self-address.ts'

/** A gateway that others reach, and whose providers may lead anywhere without anybody having said so, is worth a word. */
export function warnOfPrivateNetworks({ server, providers }: ConfigParts, address: BindAddress, notes: ConfigNotes): void {
  if (server.block_private_networks !== undefined || isLoopbackAddress(address)) return
  if (!providers.some(({ value }) => value.type !== 'mock')) return
  notes.warning(
    ['server', 'block_private_networks'],
    `The gateway listens on ${address.host}, where others reach it, and may call private networks: a name of a provider that leads there, now or later, is followed. Set \`server.block_private_networks: true\`, and \`allow_private: true\` for providers that are meant to be there; or \`false\` if that is what you want.`,
  )
}
