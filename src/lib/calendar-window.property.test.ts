import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import { Calendar, CALENDAR_PERIODS, isTimeZone, type CalendarPeriod } from './calendar-window.ts'

const ZONES = [
  'UTC',
  'Europe/Berlin',
  'America/New_York',
  'America/St_Johns',
  'America/Sao_Paulo',
  'America/Havana',
  'Africa/Cairo',
  'Asia/Kolkata',
  'Asia/Kathmandu',
  'Asia/Beirut',
  'Australia/Lord_Howe',
  'Pacific/Apia',
  'Pacific/Chatham',
]
const HOUR = 3_600_000
const at = (text: string): number => Date.parse(text)
const windowOf = (zone: string, period: CalendarPeriod, instant: string): [string, string] => {
  const { start, end } = new Calendar(zone).windowAt(period, at(instant))
  return [new Date(start).toISOString(), new Date(end).toISOString()]
}

describe('a calendar window', () => {
  test('of a day lasts 23 hours when clocks go forward and 25 when they go back', () => {
    expect(windowOf('Europe/Berlin', 'day', '2026-03-29T12:00:00Z')).toEqual([
      '2026-03-28T23:00:00.000Z',
      '2026-03-29T22:00:00.000Z',
    ])
    expect(windowOf('America/New_York', 'day', '2026-11-01T12:00:00Z')).toEqual([
      '2026-11-01T04:00:00.000Z',
      '2026-11-02T05:00:00.000Z',
    ])
  })

  test('begins after midnight where summer time skips midnight', () => {
    // Cairo: clocks went from 00:00 to 01:00 on 26 April 2024.
    expect(windowOf('Africa/Cairo', 'day', '2024-04-26T12:00:00Z')[0]).toBe('2024-04-25T22:00:00.000Z')
    expect(windowOf('Africa/Cairo', 'day', '2024-04-25T21:59:59.999Z')[1]).toBe('2024-04-25T22:00:00.000Z')
  })

  test('is not there for a day that a country left out', () => {
    // Samoa went from 29 to 31 December 2011.
    expect(windowOf('Pacific/Apia', 'day', '2011-12-30T09:59:59.999Z')).toEqual([
      '2011-12-29T10:00:00.000Z',
      '2011-12-30T10:00:00.000Z',
    ])
    expect(windowOf('Pacific/Apia', 'day', '2011-12-30T10:00:00Z')[0]).toBe('2011-12-30T10:00:00.000Z')
  })

  test('of a week begins on Monday, of a month on its first day', () => {
    expect(windowOf('UTC', 'week', '2026-11-29T23:59:59Z')).toEqual(['2026-11-23T00:00:00.000Z', '2026-11-30T00:00:00.000Z'])
    expect(windowOf('Asia/Kolkata', 'month', '2024-02-29T18:29:59Z')).toEqual([
      '2024-01-31T18:30:00.000Z',
      '2024-02-29T18:30:00.000Z',
    ])
  })

  test('holds its instant, and the one before and after it join without gap or overlap', () => {
    const instants = fc.integer({ min: at('1995-01-01T00:00:00Z'), max: at('2037-01-01T00:00:00Z') })
    fc.assert(
      fc.property(fc.constantFrom(...ZONES), fc.constantFrom(...CALENDAR_PERIODS), instants, (zone, period, instant) => {
        const calendar = new Calendar(zone)
        const window = calendar.windowAt(period, instant)
        expect(window.start).toBeLessThanOrEqual(instant)
        expect(window.end).toBeGreaterThan(instant)
        expect(calendar.windowAt(period, window.end).start).toBe(window.end)
        expect(calendar.windowAt(period, window.start - 1).end).toBe(window.start)
        expect(new Calendar(zone).windowAt(period, window.start)).toEqual(window)
        expect(new Calendar(zone).windowAt(period, window.end - 1)).toEqual(window)
        const longest = { day: 25, week: 7 * 24 + 1, month: 31 * 24 + 1 }[period]
        expect(window.end - window.start).toBeLessThanOrEqual(longest * HOUR)
      }),
      { numRuns: 400 },
    )
  })

  test('shows the first date of its period on the clocks of its zone', () => {
    const instants = fc.integer({ min: at('2000-01-01T00:00:00Z'), max: at('2037-01-01T00:00:00Z') })
    fc.assert(
      fc.property(fc.constantFrom(...ZONES), instants, (zone, instant) => {
        const { start } = new Calendar(zone).windowAt('month', instant)
        const date = new Intl.DateTimeFormat('en-US', { timeZone: zone, day: 'numeric' })
        expect(date.format(start)).toBe('1')
        expect(Number(date.format(start - 1))).toBeGreaterThanOrEqual(28)
      }),
      { numRuns: 200 },
    )
  })
})

test('only names of time zones are time zones', () => {
  expect(ZONES.every(isTimeZone)).toBe(true)
  for (const name of ['', 'Mars/Olympus', 'Europe/Berlin; DROP', 'CEST2']) expect(isTimeZone(name)).toBe(false)
})
