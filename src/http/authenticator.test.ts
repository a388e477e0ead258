import { describe, expect, test } from 'bun:test'
import { fakeKey } from '../../test/support/http-app-fixture.ts'
import { GatewayError } from '../errors/gateway-error.ts'
import type { Principal } from '../ir/principal.ts'
import { Authenticator, type IssuedKeys } from './authenticator.ts'

const authenticator = new Authenticator([fakeKey('team-key', 'client', 'acme'), fakeKey('boss-key', 'admin')])

/** Role of whoever is let in, or the code of the refusal. */
function outcome(headers: Record<string, string>): string {
  try {
    return authenticator.authenticate(new Headers(headers)).role
  } catch (error) {
    return error instanceof GatewayError ? error.code : 'fault'
  }
}
const refusal = (headers: Record<string, string>): string => {
  try {
    authenticator.authenticate(new Headers(headers))
    return ''
  } catch (error) {
    return (error as Error).message
  }
}

describe('a key', () => {
  test('admits from every header that SDKs use', () => {
    const places = [
      { authorization: 'Bearer team-key' },
      { authorization: 'bearer team-key' },
      { authorization: 'BEARER  team-key ' },
      { 'x-api-key': 'team-key' },
      { 'api-key': 'team-key' },
      { 'x-goog-api-key': 'team-key' },
      // Whoever signs for AWS never sends what it signs with: the id is the key.
      {
        authorization:
          'AWS4-HMAC-SHA256 Credential=team-key/20260102/us-east-1/bedrock/aws4_request, SignedHeaders=host, Signature=ab',
      },
    ]
    for (const headers of places) expect(outcome(headers as Record<string, string>)).toBe('client')
  })

  test('that is not all of the id of a signature admits nobody', () => {
    for (const authorization of [
      'AWS4-HMAC-SHA256 Credential=team-key',
      'AWS4-HMAC-SHA256 Credential=team-key2/20260102/us-east-1/bedrock/aws4_request',
      'AWS4-HMAC-SHA256 Credential=/team-key/us-east-1/bedrock/aws4_request',
      'AWS4-HMAC-SHA256 SignedHeaders=host, Credential=team-key/x',
      'Basic team-key',
    ])
      expect(outcome({ authorization })).toBe('invalid_api_key')
  })

  test('brings its tenant along, the first and the second time', () => {
    const headers = new Headers({ 'x-api-key': 'team-key' })
    const first = authenticator.authenticate(headers)
    expect(first).toMatchObject({ role: 'client', tenant: 'acme' })
    expect(authenticator.authenticate(headers)).toBe(first)
  })

  test('admits beside another one that is not valid, in either place', () => {
    expect(outcome({ authorization: 'Bearer wrong', 'x-api-key': 'boss-key' })).toBe('admin')
    expect(outcome({ authorization: 'Bearer boss-key', 'x-api-key': 'sk-ant-api03-x' })).toBe('admin')
    expect(outcome({ authorization: 'Basic dXNlcg==', 'api-key': 'boss-key' })).toBe('admin')
  })

  test('may be sent twice', () => {
    expect(outcome({ authorization: 'Bearer team-key', 'x-api-key': 'team-key' })).toBe('client')
  })
})

describe('a refusal', () => {
  test('names the two headers whose keys disagree', () => {
    const headers = { authorization: 'Bearer team-key', 'x-goog-api-key': 'boss-key' }
    expect(outcome(headers)).toBe('ambiguous_credentials')
    expect(refusal(headers)).toContain('authorization and x-goog-api-key')
  })

  test('tells a missing key from a wrong one', () => {
    expect(refusal({})).toStartWith('No API key was sent')
    expect(refusal({ authorization: 'Basic dXNlcg==' })).toStartWith('No API key was sent')
    expect(refusal({ authorization: 'Bearer ' })).toStartWith('No API key was sent')
    expect(refusal({ 'x-api-key': 'team-keyx' })).toStartWith("The API key is not one of this gateway's keys")
    expect(outcome({ 'x-api-key': 'team-ke' })).toBe('invalid_api_key')
    expect(outcome({ 'x-api-key': 'x'.repeat(5000) })).toBe('invalid_api_key')
  })

  test.each([
    ['sk-ant-api03-SECRET', 'Anthropic'],
    ['sk-proj-SECRET', 'OpenAI'],
    ['sk-or-v1-SECRET', 'OpenRouter'],
    ['AIzaSECRET', 'Google'],
    ['gsk_SECRET', 'Groq'],
    ['xai-SECRET', 'xAI'],
  ])("says so when %s is a provider's own key, and shows nothing of it", (key, provider) => {
    expect(outcome({ 'x-api-key': key })).toBe('provider_key_presented')
    expect(refusal({ authorization: `Bearer ${key}` })).toContain(provider)
    expect(refusal({ authorization: `Bearer ${key}` })).not.toContain('SECRET')
  })

  test('does not come when a key that looks like a provider key is configured', () => {
    const own = new Authenticator([fakeKey('sk-ant-mine', 'client')])
    expect(own.authenticate(new Headers({ 'x-api-key': 'sk-ant-mine' })).role).toBe('client')
  })
})

describe('issued keys', () => {
  const alice: Principal = { role: 'client', owner: 'alice' }
  const issued: IssuedKeys = {
    refusalOfGroups: () => undefined,
    find: (key) => (key === 'sbk_good' ? alice : new GatewayError('api_key_revoked', 'revoked')),
  }
  const both = new Authenticator([fakeKey('boss-key', 'admin'), fakeKey('sbk_own', 'operator')], issued)
  const outcomeOf = (headers: Record<string, string>): unknown => {
    try {
      return both.authenticate(new Headers(headers))
    } catch (error) {
      return (error as GatewayError).code
    }
  }

  test('admit beside the configured ones, each of which may look like an issued one', () => {
    expect(outcomeOf({ authorization: 'Bearer sbk_good' })).toBe(alice)
    expect(outcomeOf({ 'x-api-key': 'boss-key' })).toMatchObject({ role: 'admin' })
    expect(outcomeOf({ 'x-api-key': 'sbk_own' })).toMatchObject({ role: 'operator' })
  })

  test('that have ended say so, unless a good key came along', () => {
    expect(outcomeOf({ 'x-api-key': 'sbk_old' })).toBe('api_key_revoked')
    expect(outcomeOf({ authorization: 'Bearer nothing', 'x-api-key': 'sbk_old' })).toBe('api_key_revoked')
    expect(outcomeOf({ authorization: 'Bearer sbk_good', 'x-api-key': 'sbk_old' })).toBe(alice)
  })

  test('of two callers in one request are ambiguous', () => {
    expect(outcomeOf({ authorization: 'Bearer sbk_good', 'x-api-key': 'boss-key' })).toBe('ambiguous_credentials')
    expect(outcomeOf({ authorization: 'Bearer sbk_good', 'x-api-key': 'sbk_good' })).toBe(alice)
  })

  test('are judged where no key is needed, and nothing else is', () => {
    const nowhere = (): undefined => undefined
    expect(both.issuedTo(new Headers({ authorization: 'Bearer sbk_good' }), nowhere)).toBe(alice)
    expect(() => both.issuedTo(new Headers({ 'x-api-key': 'sbk_old' }), nowhere)).toThrow('revoked')
    expect(both.issuedTo(new Headers({ 'x-api-key': 'sk-anything' }), nowhere)).toBeUndefined()
    expect(authenticator.issuedTo(new Headers({ 'x-api-key': 'sbk_good' }), nowhere)).toBeUndefined()
  })
})
