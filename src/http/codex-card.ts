import type { JsonObject } from '../ir/json.ts'
import type { ModelCard } from '../ir/model-card.ts'

/** Codex shows these next to the level. */
const REASONING_LEVELS = [
  { effort: 'low', description: 'Quick answers with little reasoning' },
  { effort: 'medium', description: 'Balances speed and depth' },
  { effort: 'high', description: 'Thinks longer about hard problems' },
  { effort: 'xhigh', description: 'Thinks as long as it takes' },
]

/** Codex replaces its own prompt by this one when it uses the card, so it says the essentials. */
const INSTRUCTIONS =
  'You are Codex, a coding agent that works in the terminal of the user. Use the tools you are given to read, change and run code until the task is done, then say briefly what you did.'

/**
 * A model as Codex wants to know it. What is unknown is answered so that Codex stays useful: without a shell it can do nothing, so tools
 * count as there unless declared otherwise; reasoning counts as absent.
 */
export function codexCard(id: string, index: number, card: ModelCard): JsonObject {
  const hasTools = card.toolCalling !== false
  const hasReasoning = card.reasoning === true
  return {
    slug: id,
    display_name: card.displayName ?? id,
    description: 'Served by Switchback',
    default_reasoning_level: hasReasoning ? 'medium' : null,
    supported_reasoning_levels: hasReasoning ? REASONING_LEVELS : [],
    shell_type: hasTools ? 'shell_command' : 'disabled',
    visibility: 'list',
    supported_in_api: true,
    priority: index,
    additional_speed_tiers: [],
    availability_nux: null,
    upgrade: null,
    base_instructions: INSTRUCTIONS,
    supports_reasoning_summaries: hasReasoning,
    default_reasoning_summary: 'none',
    support_verbosity: false,
    default_verbosity: null,
    apply_patch_tool_type: hasTools ? 'freeform' : null,
    web_search_tool_type: 'text',
    truncation_policy: { mode: 'tokens', limit: 10_000 },
    supports_parallel_tool_calls: hasTools,
    supports_image_detail_original: false,
    context_window: card.contextWindow ?? null,
    max_context_window: card.contextWindow ?? null,
    effective_context_window_percent: 95,
    experimental_supported_tools: [],
    input_modalities: card.visionIn === true ? ['text', 'image'] : ['text'],
    supports_search_tool: false,
  }
}
