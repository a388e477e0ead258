import { GatewayError } from '../errors/gateway-error.ts'
import { isLoopbackName } from './host-names.ts'
import type { ServerSettings } from './server.settings.schema.ts'

/** Whether everybody who reaches the gateway is admitted. */
export const isOpen = (settings: Pick<ServerSettings, 'apiKeys'>): boolean => settings.apiKeys.length === 0

/** Throws `config_invalid` when a gateway without a key would listen where others can reach it. */
export function checkBind(settings: Pick<ServerSettings, 'apiKeys' | 'host' | 'port' | 'allowOpenAdmin'>): void {
  if (!isOpen(settings) || settings.allowOpenAdmin || isLoopbackName(settings.host)) return
  throw new GatewayError(
    'config_invalid',
    `Refusing to listen on ${settings.host}:${settings.port} without a key: everybody who reaches that address could spend your money. ` +
      'Set server.api_key_env (or api_keys), or bind to 127.0.0.1, or set server.allow_open_admin: true if that is what you want.',
  )
}
