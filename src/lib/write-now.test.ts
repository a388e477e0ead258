import { describe, expect, test } from 'bun:test'
import { writeNow } from './write-now.ts'

const failing = (code: string): Error => Object.assign(new Error(code), { code })

describe('writing before a process ends', () => {
  test('waits for a pipe that is full', () => {
    const written: string[] = []
    let full = 3
    writeNow((text) => {
      if (full-- > 0) throw failing('EAGAIN')
      return written.push(text)
    }, 'last words')
    expect(written).toEqual(['last words'])
  })

  test('gives up where nobody listens any more', () => {
    let tries = 0
    const write = (): number => {
      tries += 1
      throw failing('EPIPE')
    }
    expect(() => writeNow(write, 'last words')).toThrow('EPIPE')
    expect(tries).toBe(1)
  })
})
