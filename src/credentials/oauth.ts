import { createHash } from 'node:crypto'
import type { KeptLogin, LoginStore } from '../ir/login.ts'
import { sameData } from '../lib/same-data.ts'
import { Secret } from '../lib/secret.ts'
import type { OAuthSettings } from './credential.types.ts'
import { EXPIRY_SKEW_MS } from './token-credential.ts'
import { requestToken, tokenForm, type Grant, type TokenEndpointDeps, type TokenOwner } from './token-endpoint.ts'
import type { Token, TokenSource } from './token.types.ts'

export interface OAuthDeps extends TokenEndpointDeps {
  readonly logins: LoginStore
}

/** OAuth 2.0 with a refresh token, or with a client's own credentials (RFC 6749, sections 6 and 4.4). */
export class OAuth implements TokenSource {
  private readonly owner: TokenOwner
  private readonly settings: OAuthSettings
  private readonly deps: OAuthDeps
  /** The token of the configuration was refused. */
  private isSpent = false

  constructor(owner: TokenOwner, settings: OAuthSettings, deps: OAuthDeps) {
    this.owner = owner
    this.settings = settings
    this.deps = deps
  }

  async obtain(refused: Secret | undefined): Promise<Token> {
    const { token, refreshToken, tokenUrl } = this.settings
    if (refreshToken !== undefined) return this.refreshed(refreshToken, refused)
    if (refused !== undefined && sameData(refused, token)) this.isSpent = true
    if (token !== undefined && (tokenUrl === undefined || !this.isSpent)) return { secret: token, expiresAt: undefined }
    return (await this.request({ grant_type: 'client_credentials' })).token
  }

  /** Another process may have refreshed meanwhile, and used up the refresh token that was known here. */
  private async refreshed(configured: Secret, refused: Secret | undefined): Promise<Token> {
    const { provider, account } = this.owner
    const origin = originOf(configured, this.settings)
    const login = await this.deps.logins.update(`${provider}~${account}`, async (kept) => {
      const own = kept?.origin === origin ? kept : this.configuredLogin(origin, configured)
      if (own !== undefined && own.accessToken !== refused?.reveal() && this.isFresh(own)) return own
      const refreshToken = own?.refreshToken ?? configured.reveal()
      const { token, refreshToken: next } = await this.request({ grant_type: 'refresh_token', refresh_token: refreshToken })
      return { origin, refreshToken: next ?? refreshToken, accessToken: token.secret.reveal(), expiresAt: token.expiresAt }
    })
    return { secret: new Secret(login.accessToken), expiresAt: login.expiresAt }
  }

  /** What the configuration has to begin with. */
  private configuredLogin(origin: string, refreshToken: Secret): KeptLogin | undefined {
    const { token } = this.settings
    if (token === undefined) return undefined
    return { origin, refreshToken: refreshToken.reveal(), accessToken: token.reveal(), expiresAt: undefined }
  }

  /** A token of which nobody knows the end is used until it is refused. */
  private isFresh({ expiresAt }: KeptLogin): boolean {
    return expiresAt === undefined || this.deps.clock.wall() < expiresAt - EXPIRY_SKEW_MS
  }

  private request(grant: Readonly<Record<string, string>>): Promise<Grant> {
    const { tokenUrl = '', clientId, clientSecret, scope } = this.settings
    const form = tokenForm(tokenUrl, { ...grant, client_id: clientId, client_secret: clientSecret?.reveal(), scope })
    return requestToken(form, this.owner, this.deps)
  }
}

/** Another refresh token in the configuration, or another endpoint, is another login. */
const originOf = (refreshToken: Secret, { tokenUrl, clientId }: OAuthSettings): string =>
  createHash('sha256')
    .update(JSON.stringify([refreshToken.reveal(), tokenUrl, clientId]))
    .digest('hex')
