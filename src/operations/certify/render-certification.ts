import { nanoToUsd } from '../../catalog/prices/usd.ts'
import { countWords, plural, safeText } from '../story-words.ts'
import type { CertifiedTarget } from './certify.ts'
import type { Certification } from '../../state/certifications/certification.ts'
import type { MatrixRow } from './certification-matrix.ts'
import type { ProbeEstimate } from './estimate-cost.ts'
import { PROBES } from './probes/index.ts'
import { PROBE_GROUPS, type ProbeGroup } from './probe.types.ts'

const MARKS = { passed: 'ok  ', failed: 'FAIL', unsupported: 'no  ', skipped: '-   ' } as const

/** What will be spent, before it is. */
export function renderEstimate(target: string, { calls, inputTokens, mostOutputTokens, mostNanoDollars }: ProbeEstimate): string {
  const tokens = `about ${countWords(inputTokens)} tokens in and at most ${countWords(mostOutputTokens)} out`
  const money =
    mostNanoDollars === undefined
      ? 'The price is not known ("switchback price set" gives it one).'
      : `That costs at most $${nanoToUsd(mostNanoDollars)}, usually a fraction of it.`
  return `${safeText(target)}: ${plural(calls, 'call')}, ${tokens}. ${money}`
}

/** What came of every probe that did not pass, and the sum. */
export function renderCertification({ target, status, mode, results }: Certification): string {
  const about = new Map(PROBES.map((probe) => [probe.id, probe.about]))
  const counts = (verdict: string): number => results.filter((result) => result.verdict === verdict).length
  const shown = mode === 'full' ? results.filter(({ verdict }) => verdict !== 'passed') : results
  const lines = shown.map(
    ({ id, verdict, reason }) =>
      `${MARKS[verdict]}  ${id.padEnd(24)}  ${about.get(id) ?? ''}${reason === undefined ? '' : ` → ${reason}`}`,
  )
  const parts = [
    `${counts('passed')} passed`,
    `${counts('failed')} failed`,
    `${counts('unsupported')} not supported`,
    `${counts('skipped')} not asked`,
  ]
  const verdict = status === 'failed' ? 'is not certified' : mode === 'full' ? 'is certified' : 'is alive'
  return [...lines, ...(lines.length === 0 ? [] : ['']), `${safeText(target)} ${verdict}: ${parts.join(', ')}.`].join('\n')
}

/** Tells of an earlier certification that says more; empty where the new one is kept. */
export const renderKept = ({ certification, kept }: Pick<CertifiedTarget, 'certification' | 'kept'>): string =>
  kept === certification ? '' : `What was asked in full on ${kept.at.slice(0, 10)} is kept: ${kept.status}.\n`

/** What it has cost, and whether the ledger knows. */
export function renderSpent({ nanoDollars, inLedger }: Pick<CertifiedTarget, 'nanoDollars' | 'inLedger'>): string {
  const money = nanoDollars === undefined ? 'What it cost is not known' : `It cost $${nanoToUsd(nanoDollars)}`
  return `${money}; the calls ${inLedger ? 'stand in the ledger, as probes' : 'stand in no ledger, because none could be reached'}.`
}

/** A row for each target, a column for each group of probes. */
export function renderMatrix(certifications: readonly MatrixRow[]): string {
  const groupOf = new Map(PROBES.map((probe) => [probe.id, probe.group]))
  const rows = certifications.map(({ target, at, age_days: age, mode, status, lapsed, results }) => [
    safeText(target),
    at.slice(0, 10),
    `${age} d`,
    mode,
    lapsed === undefined ? status : LAPSED[lapsed],
    ...PROBE_GROUPS.map((group) => cell(results.filter(({ id }) => groupOf.get(id) === group).map(({ verdict }) => verdict))),
  ])
  if (rows.length === 0) return 'Nothing has been certified yet. "switchback provider certify PROVIDER/MODEL" does it.'
  const table = [
    ['TARGET', 'DAY', 'AGE', 'MODE', 'STATUS', ...PROBE_GROUPS.map((group: ProbeGroup) => group.toUpperCase())],
    ...rows,
  ]
  const widths = table[0]?.map((_cell, at) => Math.max(...table.map((row) => row[at]?.length ?? 0))) ?? []
  return table
    .map((row) =>
      row
        .map((text, at) => text.padEnd(widths[at] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n')
}

const LAPSED = { age: 'too old', endpoint: 'void' } as const

/** `ok`, or how many of how many passed; what was not asked does not count. */
function cell(verdicts: readonly string[]): string {
  const asked = verdicts.filter((verdict) => verdict !== 'skipped')
  if (asked.length === 0) return '-'
  const passed = asked.filter((verdict) => verdict === 'passed').length
  if (passed === asked.length) return 'ok'
  return asked.every((verdict) => verdict === 'unsupported') ? 'no' : `${passed}/${asked.length}`
}
