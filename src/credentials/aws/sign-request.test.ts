import { describe, expect, test } from 'bun:test'
import { Secret } from '../../lib/secret.ts'
import type { UnsentRequest } from '../../transport/transport.ts'
import { expectedSignature, signingKey, type SignedRequest } from '../../../test/support/aws-signature.ts'
import { createSigner } from './sign-request.ts'

const SECRET = 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY'
const WALL = Date.parse('2026-01-02T03:04:05Z')
const HOST = 'bedrock-runtime.us-east-1.amazonaws.com'

const request = (path: string, body: UnsentRequest['body'] = '{"a":1}'): UnsentRequest => ({
  url: `https://${HOST}${path}`,
  method: 'POST',
  headers: { 'content-type': 'application/json', 'user-agent': 'switchback/1', traceparent: '00-x' },
  body,
})

async function signed(unsent: UnsentRequest, sessionToken?: string): Promise<UnsentRequest> {
  const keys = {
    accessKeyId: 'AKIDEXAMPLE',
    secretAccessKey: new Secret(SECRET),
    ...(sessionToken === undefined ? {} : { sessionToken: new Secret(sessionToken) }),
  }
  return (await createSigner(keys, { region: 'us-east-1', service: 'bedrock' })).sign(unsent, WALL)
}

const seen = ({ url, method, headers }: UnsentRequest, body: string): SignedRequest => ({
  method,
  path: url.slice(`https://${HOST}`.length),
  headers: { host: HOST, ...headers },
  body,
})

describe('what signatures are checked with', () => {
  test("derives the key of AWS's published example", () => {
    const key = signingKey(SECRET, ['20120215', 'us-east-1', 'iam'])
    expect(key.toString('hex')).toBe('f4780e2d9f65fa895f9c67b32ce1baf0b0d8a43505a000a1a9e090d414db404d')
  })

  test("makes the signature of AWS's published example", () => {
    const names = 'content-type;host;x-amz-date'
    const signature = '5d672d79c15b13162d9279b0855cfba6789a8edb4c82c400e06b5924a6f2b5d7'
    const { expected, found } = expectedSignature(
      {
        method: 'GET',
        path: '/?Action=ListUsers&Version=2010-05-08',
        headers: {
          'content-type': 'application/x-www-form-urlencoded; charset=utf-8',
          host: 'iam.amazonaws.com',
          'x-amz-date': '20150830T123600Z',
          authorization: `AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/iam/aws4_request, SignedHeaders=${names}, Signature=${signature}`,
        },
        body: '',
      },
      SECRET,
    )
    expect([expected, found]).toEqual([signature, signature])
  })
})

describe('a signed request', () => {
  test.each([
    '/model/amazon.nova-lite-v1%3A0/converse',
    '/model/arn%3Aaws%3Abedrock%3Aus-east-1%3A123456789012%3Ainference-profile%2Fus.anthropic.claude-sonnet-4-5-20250929-v1%3A0/invoke',
    '/model/plain/converse-stream',
    '/prefix/of/a/proxy/model/a~b_c.d-e/converse',
  ])('has the signature that AWS expects for %s', async (path) => {
    const { expected, found } = expectedSignature(seen(await signed(request(path)), '{"a":1}'), SECRET)
    expect(found).toBe(expected)
  })

  test('is the same whether its body is a text, bytes or pieces', async () => {
    const bodies: UnsentRequest['body'][] = ['{"a":"ü"}', Buffer.from('{"a":"ü"}'), ['{"a":', Buffer.from('"ü"}')]]
    const all = await Promise.all(
      bodies.map(async (body) => (await signed(request('/model/m/converse', body))).headers['authorization']),
    )
    expect(new Set(all).size).toBe(1)
  })

  test('tells its time, its content and the token of keys that end, and signs nothing that may change on the way', async () => {
    const { headers } = await signed(request('/model/m/converse'), 'session')
    expect(headers).toMatchObject({
      'x-amz-date': '20260102T030405Z',
      'x-amz-security-token': 'session',
      'x-amz-content-sha256': '015abd7f5cc57a2dd94b7590f04ad8084273905ee33ec5cebeae62276a97f862',
      'user-agent': 'switchback/1',
    })
    expect(headers['authorization']).toContain(
      'Credential=AKIDEXAMPLE/20260102/us-east-1/bedrock/aws4_request, SignedHeaders=content-type;host;x-amz-content-sha256;x-amz-date;x-amz-security-token,',
    )
    expect(JSON.stringify(headers)).not.toContain(SECRET)
  })
})
