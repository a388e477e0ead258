import { describe, expect, test } from 'bun:test'
import { formatTraceParent, parseTraceParent, parseTraceState } from './trace-parent.ts'

const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736'
const SPAN = '00f067aa0ba902b7'

describe('traceparent', () => {
  test('is read with its decision to sample', () => {
    expect(parseTraceParent(`00-${TRACE}-${SPAN}-01`)).toEqual({ traceId: TRACE, parentId: SPAN, sampled: true })
    expect(parseTraceParent(`00-${TRACE}-${SPAN}-00`)?.sampled).toBe(false)
  })

  test('of a later version is read by the fields there are', () => {
    expect(parseTraceParent(`cc-${TRACE}-${SPAN}-03-what-comes-later`)).toMatchObject({ traceId: TRACE, sampled: true })
  })

  test.each([
    ['nothing', null],
    ['empty text', ''],
    ['version ff', `ff-${TRACE}-${SPAN}-01`],
    ['upper case', `00-${TRACE.toUpperCase()}-${SPAN}-01`],
    ['a trace of zeros', `00-${'0'.repeat(32)}-${SPAN}-01`],
    ['a span of zeros', `00-${TRACE}-${'0'.repeat(16)}-01`],
    ['more fields than version 00 has', `00-${TRACE}-${SPAN}-01-x`],
    ['missing flags', `00-${TRACE}-${SPAN}`],
    ['a line break', `00-${TRACE}-${SPAN}-01\nx`],
    ['other words', 'hello'],
  ])('is ignored when it is %s', (_what, header) => {
    expect(parseTraceParent(header)).toBeUndefined()
  })

  test('is written as it is read', () => {
    expect(parseTraceParent(formatTraceParent(TRACE, SPAN, true))).toEqual({ traceId: TRACE, parentId: SPAN, sampled: true })
  })
})

describe('tracestate', () => {
  test('is handed on without empty members and spaces around them', () => {
    expect(parseTraceState('rojo=00f067aa0ba902b7, ,congo=t61rcWkgMzE')).toBe('rojo=00f067aa0ba902b7,congo=t61rcWkgMzE')
    expect(parseTraceState('fw529a3039@dt=FfAAAAAA')).toBe('fw529a3039@dt=FfAAAAAA')
  })

  test.each([
    ['a key twice', 'a=1,a=2'],
    ['no value', 'a='],
    ['upper case in a key', 'A=1'],
    ['an equals sign in a value', 'a=b=c'],
    ['more than 32 members', Array.from({ length: 33 }, (_none, index) => `k${index}=v`).join(',')],
    ['more than 512 characters', `a=${'x'.repeat(600)}`],
    ['nothing', ''],
  ])('is dropped when it has %s', (_what, header) => {
    expect(parseTraceState(header)).toBeUndefined()
  })
})
