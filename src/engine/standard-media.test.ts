import { expect, test } from 'bun:test'
import type { LlmRequest } from '../ir/request.ts'
import { standardMedia } from './standard-media.ts'

const [IMAGE, TEXT, INNER, PLAIN] = ['image', 'text', 'inner', 'plain'].map((name) => `blob-${name}`) as [
  string,
  string,
  string,
  string,
]

const request: Pick<LlmRequest, 'messages'> = {
  messages: [
    {
      role: 'user',
      content: [
        { type: 'image', source: { kind: 'base64', mediaType: 'image/png', data: IMAGE } },
        { type: 'text', text: TEXT },
        { type: 'image', source: { kind: 'base64', mediaType: 'image/png', data: PLAIN } },
      ],
    },
    {
      role: 'tool',
      content: [
        {
          type: 'tool-result',
          callId: 'a',
          kind: 'json',
          content: [{ type: 'image', source: { kind: 'base64', mediaType: 'image/png', data: INNER } }],
        },
      ],
    },
  ],
}

test('media in the alphabet of URLs is written in the standard one, and nothing else', () => {
  const given = new Map([IMAGE, TEXT, INNER, PLAIN].map((token, index) => [token, Buffer.from(index === 3 ? 'AB+/' : '-_A-_')]))
  const blobs = standardMedia(request, given)
  expect([...blobs].map(([token, bytes]) => [token, Buffer.from(bytes).toString()])).toEqual([
    [IMAGE, '+/A+/'],
    [TEXT, '-_A-_'],
    [INNER, '+/A+/'],
    [PLAIN, 'AB+/'],
  ])
  // What the client sent may still go through as it was.
  expect(given.get(IMAGE)?.toString()).toBe('-_A-_')
})

test('without such media everything stays the same object', () => {
  const given = new Map([[IMAGE, Buffer.from('AB+/')]])
  expect(standardMedia(request, given)).toBe(given)
})
