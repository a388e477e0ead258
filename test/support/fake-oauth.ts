import { startFakeUpstream, type FakeUpstream, type RecordedRequest } from './fake-upstream.ts'
import { jsonReply } from './upstream-answers.ts'

export interface FakeOAuth extends Pick<FakeUpstream, 'url' | 'requests' | 'close' | 'enqueue'> {
  /** Forms that were sent, in order. */
  readonly forms: readonly URLSearchParams[]
  /** Access tokens that hold: those given out, without those taken back. */
  readonly valid: Set<string>
  /** Lets no token hold that was given out so far. */
  revoke(): void
}

export interface FakeOAuthOptions {
  /** The refresh token that is taken first. */
  readonly refreshToken?: string
  /** A refresh token holds once, and each answer has the next one. */
  readonly rotates?: boolean
  /** Seconds. */
  readonly expiresIn?: number
}

/** A token endpoint over real HTTP. Its tokens are `access-1`, `access-2`, …; its refresh tokens `refresh-1`, …. */
export async function startFakeOAuth(options: FakeOAuthOptions = {}): Promise<FakeOAuth> {
  const { rotates = false, expiresIn = 3600 } = options
  const valid = new Set<string>()
  const forms: URLSearchParams[] = []
  let given = 0
  let refreshToken = options.refreshToken
  const answer = (request: RecordedRequest) => {
    const form = new URLSearchParams(request.text)
    forms.push(form)
    if (form.get('grant_type') === 'refresh_token' && form.get('refresh_token') !== refreshToken)
      return jsonReply({ error: 'invalid_grant', error_description: `unknown ${form.get('refresh_token')}` }, 400)
    given++
    if (rotates) refreshToken = `refresh-${given}`
    valid.add(`access-${given}`)
    return jsonReply({
      access_token: `access-${given}`,
      token_type: 'Bearer',
      expires_in: expiresIn,
      ...(rotates ? { refresh_token: refreshToken } : {}),
    })
  }
  const upstream = await startFakeUpstream(answer)
  return { ...upstream, forms, valid, revoke: () => valid.clear() }
}
