import { assertNever } from '../lib/assert-never.ts'
import { sameData } from '../lib/same-data.ts'
import type { Credential, CredentialPlace, CredentialSource } from './credential.types.ts'
import { KeyFile } from './key-file.ts'

/** The credentials of a gateway, kept over changes of its configuration with the tokens they have. A new kind is a file and a line here. */
export function createCredentials(): CredentialSource {
  const known = new Map<string, { readonly place: CredentialPlace; readonly credential: Credential }>()
  return (place) => {
    const key = `${place.provider}/${place.account}`
    const found = known.get(key)
    if (found !== undefined && sameData(found.place, place)) return found.credential
    const credential = create(place)
    known.set(key, { place, credential })
    return credential
  }
}

function create(place: CredentialPlace): Credential {
  const { settings } = place
  switch (settings.kind) {
    case 'key_file':
      return new KeyFile(place, settings)
    default:
      return assertNever(settings.kind)
  }
}
