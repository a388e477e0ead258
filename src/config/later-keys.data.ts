import { isObject } from '../ir/json.ts'

/** A key of a feature that this version does not have. */
export interface LaterKey {
  /** Keys joined with dots; `[]` stands for every entry of a list. */
  readonly path: string
  /** Why starting without it would be unsafe, as the second half of a sentence. Without it the key is ignored with a warning. */
  readonly refuse?: string
  /** Values that say what this version does anyway; they are dropped without a word. */
  readonly harmless?: (value: unknown) => boolean
  readonly hint?: string
}

const is =
  (...values: readonly unknown[]) =>
  (value: unknown): boolean =>
    values.includes(value)

const switchedOff = (value: unknown): boolean => isObject(value) && value['enabled'] === false

export const LATER_KEYS: readonly LaterKey[] = [
  // whole sections
  { path: 'catalog' },
  { path: 'harnesses' },
  { path: 'local_executors' },
  { path: 'client_profiles[].enabled', harmless: is(true), refuse: 'a client that is switched off would be admitted' },
  { path: 'client_profiles', hint: 'Clients are told apart by nothing but their key, and profiles restrict nothing.' },
  { path: 'plugins', refuse: 'a plugin that blocks, pins or checks requests would silently not run' },

  // server: conveniences
  { path: 'server.privacy_mode', harmless: is('metadata_only'), hint: 'Prompts and answers are never kept.' },
  { path: 'server.admission_slot_ttl_ms' },
  { path: 'server.tenant_concurrency_ttl_ms' },
  { path: 'server.execution_cache' },
  { path: 'server.compress_tool_results', harmless: is(false) },
  { path: 'server.usage_log', hint: 'Requests are recorded in `state.store`.' },
  { path: 'server.trace_log', hint: 'Requests are recorded in `state.store`.' },
  { path: 'server.state_store', hint: 'Use `state.store`.' },
  { path: 'server.persist_secret_bearing_drafts', harmless: is(false) },
  { path: 'server.trace_ring_size', hint: '`retention.requests` says how long records are kept.' },
  { path: 'server.trace_sample', harmless: is(1), hint: 'Every request is recorded.' },
  { path: 'server.taps' },
  { path: 'server.forward_proxies' },
  { path: 'server.cost_map' },
  { path: 'server.otel_endpoint', hint: 'Use `telemetry.otlp`.' },
  { path: 'server.langfuse', harmless: switchedOff, hint: 'Use `telemetry.otlp`, as docs/guides/observe.md shows.' },
  { path: 'server.quality_eval', harmless: switchedOff },

  // providers and accounts
  { path: 'providers[].accounts[].policy_tags' },
]

/** Provider types of the reference that this version does not have, and what to do instead. */
export const LATER_PROVIDER_TYPES: Readonly<Record<string, string>> = {
  comfyui: 'Images and workflows are not served yet.',
  fal: 'Images and workflows are not served yet.',
  codex_native_relay:
    'What Codex sends to its subscription is not relayed until its wire form has been audited: use `type: openai` with an API key, or `kind: codex_oauth`.',
  claude_code_native_relay:
    'What Claude Code sends to its subscription is not relayed until its wire form has been audited: use `type: anthropic` with an API key, or `kind: claude_code_oauth`.',
}
