import { GatewayError } from '../errors/gateway-error.ts'
import type { Secret } from '../lib/secret.ts'
import { isLoopbackHost } from '../transport/loopback.ts'
import { callGateway, type GatewayAddress } from './call-gateway.ts'
import { accountNamed, nameOfSubject, pathOfName } from './disable-subject.ts'
import type { Rotated } from './rotate-account.ts'

export interface TypedRotation {
  /** `provider/account`. */
  readonly name: string
  readonly secret: Secret
  readonly check: boolean
  readonly model: string | undefined
}

/** Has a running gateway replace a key. The key crosses no network in the open. */
export async function rotateRemotely(gateway: GatewayAddress, { name, secret, check, model }: TypedRotation): Promise<Rotated> {
  const url = new URL(gateway.url)
  if (url.protocol !== 'https:' && !isLoopbackHost(url.hostname))
    throw new GatewayError(
      'config_invalid',
      `The new key would cross the network in the open to ${url.host}. Use its https:// address, or run the command on its machine.`,
    )
  const body = JSON.stringify({ secret: secret.reveal(), check, model })
  const reply = await callGateway(gateway, { path: `/v1/accounts/${pathOfName(nameOfSubject(accountNamed(name)))}/rotate`, body })
  return reply.body as Rotated
}

/** What came of it, for a terminal. */
export function renderRotated({ rotated, checked, kept_in: keptIn, released, notice }: Rotated): string {
  const tried = checked ? 'was tried and works' : 'was not tried'
  const kept = {
    file: 'It is in the file the account reads.',
    vault: 'It is in the vault.',
    state: 'It is kept, sealed, in the state.',
    memory: 'It is kept in memory only.',
  }
  const locks = released === 0 ? '' : ` ${released === 1 ? 'A lock was' : `${released} locks were`} released.`
  return `The new key of ${rotated} ${tried}, and is used from now on. ${kept[keptIn]}${locks}${notice === undefined ? '' : `\n${notice}`}`
}
