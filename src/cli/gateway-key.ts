import { type Environment, variable } from '../config/env.ts'
import { Secret } from '../lib/secret.ts'

/** The key to talk to a running gateway with. Only from the environment: arguments are seen by every process of the machine. */
export function gatewayKey(env: Environment): Secret | undefined {
  const key = variable(env, 'SWITCHBACK_API_KEY')
  return key === undefined ? undefined : new Secret(key)
}
