import { assertNever } from '../lib/assert-never.ts'
import { sameData } from '../lib/same-data.ts'
import { createAwsCredential, type AwsCredentialDeps } from './aws/create-aws-credential.ts'
import type { Credential, CredentialPlace, CredentialSource } from './credential.types.ts'
import { KeyFile } from './key-file.ts'
import { MetadataServer } from './metadata-server.ts'
import { NativeLogin } from './native-login.ts'
import { OAuth, type OAuthDeps } from './oauth.ts'
import { ServiceAccount } from './service-account.ts'
import { TokenCredential } from './token-credential.ts'
import type { TokenSource } from './token.types.ts'

export type CredentialDeps = OAuthDeps & AwsCredentialDeps

/** The credentials of a gateway, kept over changes of its configuration with the tokens they have. A new kind is a file and a line here. */
export function createCredentials(deps: CredentialDeps): CredentialSource {
  const known = new Map<string, { readonly place: CredentialPlace; readonly credential: Credential }>()
  return (place) => {
    const key = `${place.provider}/${place.account}`
    const found = known.get(key)
    if (found !== undefined && sameData(found.place, place)) return found.credential
    const credential = create(place, deps)
    known.set(key, { place, credential })
    return credential
  }
}

function create(place: CredentialPlace, deps: CredentialDeps): Credential {
  const { settings } = place
  const fromTokens = (source: TokenSource): Credential => new TokenCredential({ source, clock: deps.clock })
  switch (settings.kind) {
    case 'key_file':
      return new KeyFile(place, settings)
    case 'oauth':
      return fromTokens(new OAuth(place, settings, deps))
    case 'service_account':
      return fromTokens(new ServiceAccount(place, settings, deps))
    case 'google_metadata':
      return fromTokens(new MetadataServer(place, settings, deps))
    case 'codex_oauth':
    case 'claude_code_oauth':
      return fromTokens(new NativeLogin(place, settings, deps.clock))
    case 'aws':
      return createAwsCredential(place, settings, deps)
    default:
      return assertNever(settings)
  }
}
