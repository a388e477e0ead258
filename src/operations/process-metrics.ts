import type { MetricRegistry } from '../observability/metrics/registry.ts'

export interface ProcessFacts {
  readonly version: string
  /** Unix milliseconds. */
  readonly startedAt: number
}

/** Defines what is known of the process, under the names every process uses, so that usual dashboards find them. */
export function defineProcessMetrics(registry: MetricRegistry, { version, startedAt }: ProcessFacts): void {
  registry
    .gauge({ name: 'switchback_build_info', help: 'Always 1; the label tells the version.', labels: ['version'] })
    .of(version).value = 1
  registry.gauge({ name: 'process_start_time_seconds', help: 'Start of the process in Unix seconds.' }).of().value =
    startedAt / 1000
  const cpu = registry.counter({ name: 'process_cpu_seconds_total', help: 'CPU time of the process, user and system.' }).of()
  const resident = registry.gauge({ name: 'process_resident_memory_bytes', help: 'Memory of the process.' }).of()
  const heap = registry.gauge({ name: 'process_heap_bytes', help: 'Part of the memory that holds objects.' }).of()
  registry.onRead(() => {
    const { user, system } = process.cpuUsage()
    const memory = process.memoryUsage()
    cpu.value = (user + system) / 1e6
    resident.value = memory.rss
    heap.value = memory.heapUsed
  })
}
