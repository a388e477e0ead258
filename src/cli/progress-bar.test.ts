import { describe, expect, test } from 'bun:test'
import { ProgressBar } from './progress-bar.ts'

describe('a progress bar', () => {
  const terminal = { ask: () => Promise.resolve(''), askSecret: () => Promise.resolve('') }

  test('is drawn over itself and taken away', () => {
    let shown = ''
    const bar = new ProgressBar({ stderr: (text) => void (shown += text), terminal }, 4)
    bar.show(1, 'a.long.name')
    bar.show(2, 'b')
    expect(shown).toBe(
      `\r[${'#'.repeat(7)}${'.'.repeat(23)}] 1/4 a.long.name\r${`[${'#'.repeat(15)}${'.'.repeat(15)}] 2/4 b`.padEnd(48)}`,
    )
    bar.end()
    expect(shown).toEndWith(`\r${' '.repeat(38)}\r`)
  })

  test('is not drawn where nobody looks', () => {
    let shown = ''
    const bar = new ProgressBar({ stderr: (text) => void (shown += text), terminal: undefined }, 4)
    bar.show(1, 'a')
    bar.end()
    expect(shown).toBe('')
  })
})
