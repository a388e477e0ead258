import { describe, expect, test } from 'bun:test'
import { expandReferences, isSingleReference } from './env-references.ts'

const env = { HOST: 'example.com', EMPTY: '', NESTED: '${HOST}' }

describe('references to the environment', () => {
  test('are replaced wherever they stand', () => {
    expect(expandReferences('https://${HOST}/a/${HOST}', env).text).toBe('https://example.com/a/example.com')
  })

  test('fall back to their default, also for an empty variable', () => {
    expect(expandReferences('${NOPE:-http://localhost:8000/v1}', env).text).toBe('http://localhost:8000/v1')
    expect(expandReferences('${EMPTY:-x}', env).text).toBe('x')
    expect(expandReferences('${NOPE:-}', env)).toEqual({ text: '', missing: [], malformed: false })
  })

  test('without value and default are named, each once, and left as written', () => {
    expect(expandReferences('${NOPE} ${EMPTY} ${NOPE}', env)).toEqual({
      text: '${NOPE} ${EMPTY} ${NOPE}',
      missing: ['NOPE', 'EMPTY'],
      malformed: false,
    })
  })

  test('can be escaped', () => {
    expect(expandReferences('$${HOST} costs $5', env)).toEqual({ text: '${HOST} costs $5', missing: [], malformed: false })
  })

  test('that are malformed are reported', () => {
    for (const text of ['${', '${HOST', '${1X}', '${HOST-x}', '${}']) expect(expandReferences(text, env).malformed).toBe(true)
  })

  test('are not followed twice', () => {
    expect(expandReferences('${NESTED}', env).text).toBe('${HOST}')
  })

  test('do not reach into prototypes', () => {
    expect(expandReferences('${constructor}', env).missing).toEqual(['constructor'])
  })
})

test('a single reference is told from text around one', () => {
  expect(isSingleReference('${PORT:-1}')).toBe(true)
  expect(isSingleReference('x${PORT}')).toBe(false)
  expect(isSingleReference('${A}${B}')).toBe(false)
})
