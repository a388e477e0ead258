import { describe, expect, test } from 'bun:test'
import { parse } from 'yaml'
import { addToList, removeFromList } from './yaml-edit.ts'

const FILE = `# our gateway
server: { bind: "127.0.0.1:1" }   # loopback

providers:
  # the main one
  - id: a
    type: mock   # no network

  # spare, with   spaces
  - { id: b, type: mock } # in one line
  # to be continued

routes: []
`

describe('an entry that is added', () => {
  test('stands behind the last one, and nothing else changes', () => {
    expect(addToList(FILE, 'providers', { id: 'c', type: 'openai', accounts: [{ id: 'x' }] })).toBe(
      FILE.replace('# in one line\n', '# in one line\n  - id: c\n    type: openai\n    accounts:\n      - id: x\n'),
    )
  })

  test.each([
    ['', 'providers:\n  - id: c\n'],
    ['server: {}\n', 'server: {}\n\nproviders:\n  - id: c\n'],
    ['server: {}', 'server: {}\n\nproviders:\n  - id: c\n'],
    ['# nothing yet\n', '# nothing yet\n\nproviders:\n  - id: c\n'],
    ['providers:\n- id: a', 'providers:\n- id: a\n- id: c\n'],
    ['providers:\n    - id: a\n', 'providers:\n    - id: a\n    - id: c\n'],
  ])('finds its place in %j', (text, expected) => {
    expect(addToList(text, 'providers', { id: 'c' })).toBe(expected)
  })

  test.each([
    'providers: [{ id: a }] # short\nroutes: [] # none\n',
    '{"providers": [{"id": "a"}]}',
    'providers: []\n',
    'providers:\n',
    'providers: ~\nx: &a [1]\ny: *a\n',
    'providers:\n  - &first\n    id: a\n  - <<: *first\n    id: b\n',
    'providers:\n  -\n    id: a\n',
    'providers:\n  - id: a\n    text: |\n      - id: no\n      more\n',
    'providers:\n  - id: a # ä 🌍\n  -   id: b\n',
  ])('is added to %j whatever way that is written, with its comments', (text) => {
    const after = addToList(text, 'providers', { id: 'c' })
    const before = parse(text, { merge: true }) as { providers?: unknown[] }
    expect(parse(after, { merge: true })).toEqual({ ...before, providers: [...(before.providers ?? []), { id: 'c' }] })
    for (const comment of text.match(/#.*/g) ?? []) expect(after).toContain(comment)
  })
})

describe('an entry that is removed', () => {
  test('goes with the comment above it, and nothing else changes', () => {
    expect(removeFromList(FILE, 'providers', 0)).toBe(
      FILE.replace('  # the main one\n  - id: a\n    type: mock   # no network\n', ''),
    )
    expect(removeFromList(FILE, 'providers', 1)).toBe(
      FILE.replace('  # spare, with   spaces\n  - { id: b, type: mock } # in one line\n', ''),
    )
  })

  test.each(['providers: [{ id: a }, { id: b }]\n', 'providers:\n  - id: a\nserver: {} # x\n', '{"providers": [{"id": "a"}]}'])(
    'is taken out of %j whatever way that is written',
    (text) => {
      const before = parse(text) as { providers: unknown[] }
      expect(parse(removeFromList(text, 'providers', 0))).toEqual({ ...before, providers: before.providers.slice(1) })
    },
  )
})
