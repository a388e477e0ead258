import { GatewayError } from '../../errors/gateway-error.ts'
import type { Ending } from './store.ts'

/** Why a key admits nobody, told to whoever shows it. */
export const keyRefusals = {
  mistyped: (): GatewayError =>
    new GatewayError(
      'api_key_mistyped',
      "This looks like one of this gateway's keys, but its checksum does not fit: it is cut off, mistyped or in quotes. Copy it again, whole and without quotes.",
    ),
  invitation: (): GatewayError =>
    new GatewayError(
      'invalid_api_key',
      'This is an invitation, not a key. Fetch your key with it once: switchback key redeem, or POST /v1/invitations/redeem.',
    ),
  unknown: (): GatewayError =>
    new GatewayError(
      'invalid_api_key',
      'This gateway has not issued this key, or its secret was replaced. Ask whoever runs the gateway for a new one.',
    ),
  loading: (): GatewayError =>
    new GatewayError('state_unavailable', 'The gateway is just starting and has not read its keys yet. Try again in a moment.', {
      retryAfterMs: 1_000,
    }),
  expired: (id: string, at: number): GatewayError =>
    new GatewayError(
      'api_key_expired',
      `The key ${id} expired at ${new Date(at).toISOString()}. Ask whoever runs the gateway for a new one.`,
      about(id),
    ),
  replaced: (id: string, at: number): GatewayError =>
    new GatewayError(
      'api_key_expired',
      `The key ${id} has a new secret, and this one was valid until ${new Date(at).toISOString()}. Use the new one.`,
      about(id),
    ),
  revoked: (id: string, { at, reason }: Ending): GatewayError =>
    new GatewayError(
      'api_key_revoked',
      `The key ${id} was revoked at ${new Date(at).toISOString()}${because(reason)}. Ask whoever runs the gateway for a new one.`,
      about(id),
    ),
  /** `what` is the key itself, or what it belongs to: `owner alice`. */
  disabled: (what: string, { reason }: Ending, id?: string): GatewayError =>
    new GatewayError(
      'api_key_disabled',
      `The ${what} is out of use for the time being${because(reason)}. Ask whoever runs the gateway.`,
      id === undefined ? {} : about(id),
    ),
} as const

const because = (reason: string | undefined): string => (reason === undefined ? '' : ` (${reason})`)

/** The id of a key is no secret. */
const about = (id: string) => ({ details: { key_id: id } })
