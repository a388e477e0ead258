import type { PolicyReport, PolicyTestResult } from './run-policy-tests.ts'
import { plural, safeText } from './story-words.ts'

/** A run of policy tests as lines for a terminal: one for each test, what was expected where one failed, and the sum. */
export function renderPolicyReport(report: PolicyReport): string {
  const lines = report.tests.flatMap((test) =>
    test.ok ? [`ok    ${safeText(test.name)}`] : [`FAIL  ${safeText(test.name)} (${report.file}:${test.line})`, ...details(test)],
  )
  const total = plural(report.tests.length, 'policy test')
  lines.push('', report.ok ? `${total} passed.` : `${report.failed} of ${total} failed.`)
  return lines.join('\n')
}

function details({ failures, decision, error }: PolicyTestResult): string[] {
  const lines = failures.flatMap(({ expectation, expected, actual }) => [
    `      ${expectation}`,
    `        expected: ${safeText(expected)}`,
    `        actual:   ${safeText(actual)}`,
  ])
  if (error !== undefined) lines.push(`      because: ${safeText(error.message)}`)
  if (decision === undefined) return lines
  for (const { target_id: id, reason, code } of decision.rejected)
    lines.push(`      because: ${safeText(id)} was ruled out: ${safeText(reason)} (${code})`)
  for (const reason of decision.reason.filter((line) => !/^\w+_required=/.test(line)))
    lines.push(`      because: ${safeText(reason)}`)
  return lines
}
