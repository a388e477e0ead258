import { TO_THE_MACHINE } from '../transport/egress.settings.schema.ts'
import type { MetadataServerSettings } from './credential.types.ts'
import { requestToken, type TokenEndpointDeps, type TokenOwner } from './token-endpoint.ts'
import type { Token, TokenSource } from './token.types.ts'

/** The service account that a machine of Google Cloud runs as. The header is asked for, so that no redirected browser gets a token. */
export class MetadataServer implements TokenSource {
  private readonly owner: TokenOwner
  private readonly settings: MetadataServerSettings
  private readonly deps: TokenEndpointDeps

  constructor(owner: TokenOwner, settings: MetadataServerSettings, deps: TokenEndpointDeps) {
    this.owner = { ...owner, egress: TO_THE_MACHINE }
    this.settings = settings
    this.deps = deps
  }

  async obtain(): Promise<Token> {
    const headers = { 'metadata-flavor': 'Google', accept: 'application/json' }
    const request = { url: this.settings.url, method: 'GET', headers, body: undefined }
    return (await requestToken(request, this.owner, this.deps)).token
  }
}
