import { describe, expect, test } from 'bun:test'
import { parseYaml } from './yaml-document.ts'

const problemsOf = (text: string) => parseYaml(text).problems

describe('yaml documents', () => {
  test('give plain data, anchors and merges included', () => {
    const document = parseYaml('base: &base { a: 1, b: 2 }\nmore:\n  <<: *base\n  b: 3\n')
    expect(document.problems).toEqual([])
    expect(document.value).toEqual({ base: { a: 1, b: 2 }, more: { a: 1, b: 3 } })
  })

  test('may be JSON, and may be empty', () => {
    expect(parseYaml('{"a": [1, true, null]}').value).toEqual({ a: [1, true, null] })
    expect(parseYaml('').value).toBeNull()
    expect(parseYaml('# nothing yet\n').problems).toEqual([])
  })

  test.each([
    ['a: 1\n\tb: 2\n', 2, 'tabs'],
    ['a: [1, 2\nb: 3\n', 2, 'indentation'],
    ['a: "x\n', 2, 'closing quote'],
    ['a: b: c\n', 1, 'one line'],
    ['a: @x\n', 1, 'quotes'],
    ['a: 1\n---\nb: 2\n', 2, 'several YAML documents'],
    ['a: !special x\n', 1, 'Tags'],
    ['a: 1\nb: 2\na: 3\n', 3, 'stands twice'],
    ['a: "\\q"\n', 1, 'escape'],
  ])('tell what is wrong with %j, and on which line', (text, line, words) => {
    const [problem] = problemsOf(text)
    expect(problem?.line).toBe(line)
    expect(problem?.message).toContain(words)
  })

  test('with a repeated key can still be checked for everything else', () => {
    const document = parseYaml('a: 1\na: 2\n')
    expect(document.problems).toHaveLength(1)
    expect(document.value).toEqual({ a: 2 })
  })

  test('never quote the file in a message', () => {
    for (const text of ['api_key: "canary-abc\n', 'api_key: *canary-abc\n', 'api_key: !canary-abc 1\n', '- canary-abc: [\n']) {
      expect(JSON.stringify(problemsOf(text))).not.toContain('canary')
    }
  })

  test('that multiply aliases are refused without being expanded', () => {
    const levels = Array.from(
      { length: 9 },
      (_unused, index) => `a${index + 1}: &a${index + 1} [${Array(10).fill(`*a${index}`).join(', ')}]`,
    )
    const document = parseYaml(['a0: &a0 [x, x, x]', ...levels].join('\n'))
    expect(document.value).toBeUndefined()
    expect(document.problems[0]?.message).toContain('more than 100')
  })

  test('that contain themselves or are very deep are refused', () => {
    for (const text of [
      'a: &a [*a, *a]\n',
      '['.repeat(100_000),
      `${'['.repeat(500)}${']'.repeat(500)}`,
      `${'{a: '.repeat(40)}1${'}'.repeat(40)}`,
    ]) {
      const document = parseYaml(text)
      expect(document.value).toBeUndefined()
      expect(document.problems.length).toBeGreaterThan(0)
      expect(document.problems.length).toBeLessThanOrEqual(21)
    }
  })

  test('keep keys that could reach a prototype as plain data', () => {
    const { value } = parseYaml('__proto__: { polluted: true }\n')
    expect(Object.keys(value as object)).toEqual(['__proto__'])
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined()
  })
})

describe('places in a yaml document', () => {
  const text = 'server:\n  bind: x\nproviders:\n  - id: a\n    accounts: [ { id: b } ]\nshared: &s\n  deep: 1\nuses: *s\n'
  const document = parseYaml(text)

  test('are those of values, or of their keys', () => {
    expect(document.locate(['server', 'bind'])).toEqual({ line: 2, column: 9 })
    expect(document.locate(['server', 'bind'], true)).toEqual({ line: 2, column: 3 })
    expect(document.locate(['providers', 0, 'accounts', 0, 'id'])).toEqual({ line: 5, column: 23 })
  })

  test('of missing things are those of what should hold them', () => {
    expect(document.locate(['providers', 0, 'type'])).toEqual({ line: 4, column: 5 })
    expect(document.locate(['providers', 7])).toEqual({ line: 3, column: 1 })
    expect(document.locate(['nowhere', 'at', 'all'])).toEqual({ line: 1, column: 1 })
  })

  test('are found behind aliases', () => {
    expect(document.locate(['uses', 'deep'])).toEqual({ line: 7, column: 9 })
  })

  test('count in an empty document as well', () => {
    expect(parseYaml('').locate(['x'])).toEqual({ line: 1, column: 1 })
  })
})
