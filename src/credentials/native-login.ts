import { readFileSync } from 'node:fs'
import { GatewayError } from '../errors/gateway-error.ts'
import type { ErrorCode } from '../errors/codes.ts'
import { isObject } from '../ir/json.ts'
import type { Clock } from '../lib/clock.ts'
import { Secret } from '../lib/secret.ts'
import type { NativeLoginSettings } from './credential.types.ts'
import { NATIVE_CLIENTS } from './native-clients.data.ts'
import type { TokenOwner } from './token-endpoint.ts'
import type { Token, TokenSource } from './token.types.ts'

/**
 * The login of another program on this machine, which renews it: its file is read and never written. When the token has ended, the file is
 * read again, and if nothing better stands there, the person has to start the program.
 */
export class NativeLogin implements TokenSource {
  private readonly owner: TokenOwner
  private readonly settings: NativeLoginSettings
  private readonly clock: Pick<Clock, 'wall'>

  constructor(owner: TokenOwner, settings: NativeLoginSettings, clock: Pick<Clock, 'wall'>) {
    this.owner = owner
    this.settings = settings
    this.clock = clock
  }

  async obtain(): Promise<Token> {
    const { kind, token, pointer } = this.settings
    const { command, expiry, headers, loginId } = NATIVE_CLIENTS[kind]
    const file = token === undefined ? this.read() : undefined
    const text = token?.reveal() ?? at(file, pointer)
    if (typeof text !== 'string' || !/^[\x21-\x7e]+$/.test(text))
      throw this.failure('credential_unavailable', `holds no token at ${pointer}. Log in with "${command}"`)
    const told = expiry === undefined ? undefined : at(file, expiry)
    const expiresAt = typeof told === 'number' ? told : expiryOf(text)
    if (expiresAt !== undefined && expiresAt <= this.clock.wall())
      throw this.failure('credential_rejected', `holds a token that has ended. Start "${command}", which renews it`)
    const id = this.settings.loginId ?? (loginId === undefined ? undefined : at(file, loginId.pointer))
    const named = loginId !== undefined && typeof id === 'string' && /^[\x21-\x7e]+$/.test(id) ? { [loginId.header]: id } : {}
    return { secret: new Secret(text), expiresAt, headers: { ...headers, ...named } }
  }

  private read(): unknown {
    try {
      return JSON.parse(readFileSync(this.settings.path, 'utf8'))
    } catch (cause) {
      const { command } = NATIVE_CLIENTS[this.settings.kind]
      const isMissing = cause instanceof Error && 'code' in cause && cause.code === 'ENOENT'
      throw this.failure('credential_unavailable', `${isMissing ? 'does not exist' : 'cannot be read'}. Log in with "${command}"`)
    }
  }

  private failure(code: ErrorCode, what: string): GatewayError {
    const { provider, account } = this.owner
    const where = this.settings.token === undefined ? 'The file with the login' : 'The variable with the login'
    return new GatewayError(code, `${where} for account ${account} of provider ${provider} ${what}.`, { provider })
  }
}

/** The value at a JSON pointer. */
function at(value: unknown, pointer: string): unknown {
  const steps = pointer.split('/').slice(1)
  return steps.reduce<unknown>((found, step) => {
    const name = step.replaceAll('~1', '/').replaceAll('~0', '~')
    return isObject(found) && Object.hasOwn(found, name) ? found[name] : undefined
  }, value)
}

/** When a JWT says that it ends, in Unix milliseconds. Only read, not believed: whoever takes it checks it. */
function expiryOf(token: string): number | undefined {
  try {
    const claims: unknown = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString('utf8'))
    const end = isObject(claims) ? claims['exp'] : undefined
    return typeof end === 'number' ? end * 1000 : undefined
  } catch {
    return undefined // no JWT: it ends when it is refused
  }
}
