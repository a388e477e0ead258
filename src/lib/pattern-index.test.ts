import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import { matchesPattern, PatternIndex, patternsOverlap } from './pattern-index.ts'

const yes = (): boolean => true

describe('a pattern', () => {
  test.each([
    ['abc', 'abc', true],
    ['abc', 'abcd', false],
    ['a*', 'a', true],
    ['a*', 'ba', false],
    ['*-mini', 'gpt-mini', true],
    ['*-mini', 'gpt-mini-2', false],
    ['a*b*c', 'a-b-c', true],
    ['a*b*c', 'abbc', true],
    ['a*b*c', 'ac', false],
    ['ab*ba', 'aba', false],
    ['*', '', true],
  ])('%s and %s: %p', (pattern, text, expected) => {
    expect(matchesPattern(pattern, text)).toBe(expected)
  })

  test('agrees with the regular expression that means the same', () => {
    const letters = fc.string({ unit: fc.constantFrom('a', 'b', '*'), maxLength: 6 })
    const texts = fc.string({ unit: fc.constantFrom('a', 'b'), maxLength: 10 })
    fc.assert(
      fc.property(letters, texts, (pattern, text) => {
        expect(matchesPattern(pattern, text)).toBe(new RegExp(`^${pattern.replaceAll('*', '.*')}$`).test(text))
      }),
    )
  })

  test('made to be slow is not', () => {
    expect(matchesPattern(`${'*a'.repeat(50)}*b`, 'a'.repeat(100_000))).toBe(false)
  })
})

describe('two patterns overlap', () => {
  test.each([
    ['*-mini', 'gpt-*', true],
    ['*-mini', '*-opus', false],
    ['a*b', '*c', false],
    ['a*', 'ab', true],
    ['a', 'b', false],
    ['*', '', true],
  ])('%s and %s: %p', (left, right, expected) => {
    expect(patternsOverlap(left, right)).toBe(expected)
    expect(patternsOverlap(right, left)).toBe(expected)
  })

  test('whenever a text matches both', () => {
    const pattern = fc.string({ unit: fc.constantFrom('a', 'b', '*'), maxLength: 5 })
    const text = fc.string({ unit: fc.constantFrom('a', 'b'), maxLength: 6 })
    fc.assert(
      fc.property(pattern, pattern, text, (left, right, both) => {
        if (matchesPattern(left, both) && matchesPattern(right, both)) expect(patternsOverlap(left, right)).toBe(true)
      }),
      { numRuns: 500 },
    )
  })
})

describe('an index', () => {
  test('prefers the exact text, then the pattern with most letters', () => {
    const index = new PatternIndex<string>()
    for (const pattern of ['*', 'c*', 'claude-*', 'claude-opus', '*-opus', '*u*']) index.add(pattern, pattern)
    expect(index.find('claude-opus', yes)).toBe('claude-opus')
    expect(index.find('claude-x', yes)).toBe('claude-*')
    expect(index.find('cat', yes)).toBe('c*')
    expect(index.find('my-opus', (value) => value !== '*')).toBe('*-opus')
    expect(index.find('mu', (value) => value !== '*')).toBe('*u*')
    index.add('claude-*-opus', 'claude-*-opus')
    expect(index.find('claude-4-opus', yes)).toBe('claude-*-opus')
  })

  test('asks the values of one pattern in the order they came, and goes on when none is accepted', () => {
    const index = new PatternIndex<string>()
    index.add('m', 'first')
    index.add('m', 'second')
    index.add('m*', 'prefix')
    expect(index.find('m', (value) => value !== 'first')).toBe('second')
    expect(index.find('m', (value) => value === 'prefix')).toBe('prefix')
    expect(index.find('m', () => false)).toBeUndefined()
  })

  test('finds what a walk over all patterns finds', () => {
    const pattern = fc.string({ unit: fc.constantFrom('a', 'b', '*'), minLength: 1, maxLength: 4 })
    const text = fc.string({ unit: fc.constantFrom('a', 'b'), maxLength: 6 })
    fc.assert(
      fc.property(fc.array(pattern, { maxLength: 12 }), text, (patterns, wanted) => {
        const index = new PatternIndex<string>()
        for (const each of patterns) index.add(each, each)
        const found = index.find(wanted, yes)
        const all = patterns.filter((each) => matchesPattern(each, wanted))
        expect(found === undefined).toBe(all.length === 0)
        if (found !== undefined) expect(all).toContain(found)
        if (patterns.includes(wanted)) expect(found).toBe(wanted)
      }),
    )
  })
})
