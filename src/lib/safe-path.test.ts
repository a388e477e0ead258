import { describe, expect, test } from 'bun:test'
import { safePath } from './safe-path.ts'

describe('a path is taken as it was written', () => {
  test.each([
    'models',
    'v1/models',
    'a/b/c/',
    'models/a%20b:run',
    'files/x.y',
    'a...b',
    '100%25',
    'caf%C3%A9',
    'a;b=1',
    'v1/x@y',
  ])('%s', (path) => expect(safePath(path)).toBe(`/${path}`))
})

describe('a path that could lead elsewhere is refused', () => {
  test.each([
    '..',
    '.',
    'a/../b',
    '../../etc',
    '%2e%2e/b',
    '%2E./b',
    'a/%252e%252e/b',
    'a/%25252e%25252e/b',
    'a%2fb',
    'a%252fb',
    'a%5c..%5cb',
    String.raw`a\..\b`,
    '/evil.example/x',
    '',
    'a//b',
    'a/%00',
    'a/%0d%0ahost:x',
    'a%3fkey=1',
    'a%23b',
    'a/%ff',
    'a/%zz',
    '..%252f%25zz',
    '..;/b',
    'https://evil.example/',
  ])('%s', (path) => expect(safePath(path)).toBeUndefined())
})
