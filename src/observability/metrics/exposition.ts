import type { Histogram } from './histogram.ts'
import type { Metric, Series } from './metric-family.ts'

/** Content type of what `exposition` writes. */
export const EXPOSITION_TYPE = 'text/plain; version=0.0.4; charset=utf-8'

/** The metrics in the text format that Prometheus reads. */
export function exposition(metrics: readonly Metric[]): string {
  const lines: string[] = []
  for (const metric of metrics) {
    const { name, help, labels } = metric.family
    lines.push(`# HELP ${name} ${help.replaceAll('\\', '\\\\').replaceAll('\n', '\\n')}`, `# TYPE ${name} ${metric.type}`)
    if (metric.type === 'histogram')
      for (const series of metric.family.all) writeHistogram(lines, name, labelsOf(labels, series), series.cell)
    else
      for (const series of metric.family.all)
        lines.push(`${name}${braced(labelsOf(labels, series))} ${numeral(series.cell.value)}`)
  }
  return `${lines.join('\n')}\n`
}

function writeHistogram(lines: string[], name: string, labels: string, { bounds, counts, sum, count }: Histogram): void {
  const before = labels === '' ? '' : `${labels},`
  let cumulative = 0
  for (const [index, bound] of bounds.entries()) {
    cumulative += counts[index]!
    lines.push(`${name}_bucket{${before}le="${numeral(bound)}"} ${cumulative}`)
  }
  lines.push(
    `${name}_bucket{${before}le="+Inf"} ${count}`,
    `${name}_sum${braced(labels)} ${numeral(sum)}`,
    `${name}_count${braced(labels)} ${count}`,
  )
}

const braced = (labels: string): string => (labels === '' ? '' : `{${labels}}`)

const labelsOf = (names: readonly string[], { values }: Series<unknown>): string =>
  names.map((name, index) => `${name}="${escaped(values[index] ?? '')}"`).join(',')

const escaped = (value: string): string =>
  /[\\"\n]/.test(value) ? value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n') : value

function numeral(value: number): string {
  if (Number.isFinite(value)) return String(value)
  if (Number.isNaN(value)) return 'NaN'
  return value > 0 ? '+Inf' : '-Inf'
}
