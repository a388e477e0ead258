import { readFileSync } from 'node:fs'
import { GatewayError } from '../errors/gateway-error.ts'
import { fileMark } from '../lib/file-mark.ts'
import { sameData } from '../lib/same-data.ts'
import { Secret } from '../lib/secret.ts'
import { withKey } from '../transport/auth-scheme.ts'
import type { UnsentRequest } from '../transport/transport.ts'
import type { Credential, CredentialPlace, KeyFileSettings } from './credential.types.ts'

/** A key in a file, as secret mounts and rotation leave it there. Whoever puts another one in its place has it used from the next request on. */
export class KeyFile implements Credential {
  private readonly place: CredentialPlace
  private readonly path: string
  private mark: string | undefined = undefined
  private key: Secret | undefined = undefined
  /** Requests under way may have been sent with it. */
  private earlier: Secret | undefined = undefined

  constructor(place: CredentialPlace, { path }: KeyFileSettings) {
    this.place = place
    this.path = path
  }

  authorize(request: UnsentRequest): UnsentRequest {
    return withKey(request, this.place.scheme, this.current().reveal())
  }

  /** Another key may have come while the request was under way. */
  async renew(refused: UnsentRequest): Promise<boolean> {
    const { url, headers } = this.authorize(refused)
    return url !== refused.url || !sameData(headers, refused.headers)
  }

  secrets(): readonly Secret[] {
    return [this.key, this.earlier].filter((key) => key !== undefined)
  }

  private current(): Secret {
    const mark = this.markNow()
    if (mark === undefined) throw this.unusable('does not exist')
    if (this.key !== undefined && mark === this.mark) return this.key
    const key = readKey(this.path)
    if (key === undefined) throw this.unusable('cannot be read')
    if (!/^[\x21-\x7e]+$/.test(key)) throw this.unusable('holds no key that a header could carry')
    this.mark = mark
    this.earlier = this.key
    this.key = new Secret(key)
    return this.key
  }

  private markNow(): string | undefined {
    try {
      return fileMark(this.path)
    } catch {
      throw this.unusable('cannot be read')
    }
  }

  private unusable(why: string): GatewayError {
    const { provider, account } = this.place
    return new GatewayError(
      'credential_unavailable',
      `The file with the key of account ${account} of provider ${provider} ${why}. Put the key into it, alone on its line.`,
      { provider },
    )
  }
}

/** The text of the file without white space around it; undefined when it cannot be read. */
function readKey(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8').trim()
  } catch {
    return undefined // missing rights, a folder: whoever sees the message looks there
  }
}
