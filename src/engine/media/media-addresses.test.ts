import { describe, expect, test } from 'bun:test'
import type { ContentPart } from '../../ir/content.ts'
import { addressesIn, withMedia } from './media-addresses.ts'

const image = (url: string, path: string): ContentPart => ({ type: 'image', source: { kind: 'url', url }, path })

describe('addresses of media', () => {
  const messages = [
    {
      role: 'user' as const,
      content: [
        { type: 'text' as const, text: 'http://not.media' },
        image('HTTPS://a.test/1', '/0'),
        image('data:image/png;base64,AAAA', '/1'),
        image('gs://bucket/x', '/2'),
        image('file:///etc/passwd', '/3'),
        { type: 'audio' as const, source: { kind: 'url' as const, url: 'http://a.test/sound' }, path: '/4' },
        {
          type: 'tool-result' as const,
          callId: 'c',
          kind: 'json' as const,
          content: [image('http://a.test/2', '/5')],
        },
        {
          type: 'document' as const,
          source: { kind: 'parts' as const, parts: [image('http://a.test/3', '/6')] },
          path: '/7',
        },
      ] satisfies ContentPart[],
    },
  ]

  test('are found by kind, wherever they stand, and only of the web', () => {
    expect(addressesIn(messages, ['image'])).toEqual([
      { kind: 'image', url: 'HTTPS://a.test/1', path: '/0' },
      { kind: 'image', url: 'http://a.test/2', path: '/5' },
      { kind: 'image', url: 'http://a.test/3', path: '/6' },
    ])
    expect(addressesIn(messages, ['audio', 'document'])).toMatchObject([{ kind: 'audio' }])
    expect(addressesIn(messages, [])).toEqual([])
  })

  test('give way to what was fetched, and nothing else changes', () => {
    const before = structuredClone(messages)
    const inline = { kind: 'base64' as const, mediaType: 'image/png', data: 'AAAA' }
    const changed = withMedia(messages, (kind, url) => (kind === 'image' && url !== 'http://a.test/2' ? inline : undefined))
    expect(messages).toEqual(before)
    expect(addressesIn(changed, ['image']).map(({ url }) => url)).toEqual(['http://a.test/2'])
    expect(changed[0]?.content[1]).toEqual({ type: 'image', source: inline, path: '/0' })
  })
})
