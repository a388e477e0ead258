import type { DoctorReport } from './doctor.ts'
import type { Finding } from './doctor/finding.ts'
import { plural } from './story-words.ts'

const MARKS = { ok: 'ok  ', warning: 'warn', failure: 'FAIL' } as const

/** A report as lines for a terminal: one for each finding with what to do about it, and the sum. */
export function renderDoctor({ findings, failures, warnings }: Pick<DoctorReport, 'findings' | 'failures' | 'warnings'>): string {
  const lines = findings.flatMap(({ check, status, message, advice }: Finding) => [
    `${MARKS[status]}  ${check.padEnd(13)}  ${indented(message)}`,
    ...(advice === undefined ? [] : [`${' '.repeat(21)}→ ${advice}`]),
  ])
  const sum =
    failures + warnings === 0 ? 'Everything is in order.' : `${plural(failures, 'failure')}, ${plural(warnings, 'warning')}.`
  return [...lines, '', sum].join('\n')
}

/** Further lines of a message stand under its first. */
const indented = (message: string): string => message.replaceAll('\n', `\n${' '.repeat(21)}`)
