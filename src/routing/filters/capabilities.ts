import { GatewayError } from '../../errors/gateway-error.ts'
import type { Rejection, RejectionCode } from '../../ir/decision.ts'
import type { RequestNeed } from '../../ir/need.ts'
import type { Capabilities, VisionSource } from '../../ir/snapshot.ts'
import type { WireFormat } from '../../ir/wire-format.ts'
import type { Asked } from '../asked.ts'
import type { Candidate } from '../candidate.ts'
import type { HardFilter } from './filter.types.ts'

type Switch = Exclude<keyof Capabilities, 'maxContextTokens' | 'maxOutputTokens' | 'visionSources'>

interface CapabilityRow {
  readonly need: RequestNeed
  readonly capability: Switch
  readonly code: RejectionCode
  /** What was wanted, and what is missing: the two halves of the sentence. */
  readonly wanted: string
  readonly missing: string
  /** Nobody's request fails for want of it, so the catalogue's word alone refuses nobody: the operator's or the route's must. */
  readonly isWish?: boolean
}

const ROWS: readonly CapabilityRow[] = [
  row('streaming', 'streaming', 'streaming_unsupported', ['streaming was asked for', 'does not stream']),
  row('tools', 'toolCalling', 'tools_unsupported', ['tools were offered', 'does not call tools']),
  {
    ...row('parallel_tools', 'parallelToolCalls', 'parallel_tools_unsupported', [
      'several tool calls in one turn were asked for',
      'makes one at a time',
    ]),
    isWish: true,
  },
  row('hosted_tools', 'hostedTools', 'hosted_tools_unsupported', [
    'a tool that the provider runs was offered',
    'has no such tools',
  ]),
  row('vision', 'visionIn', 'vision_unsupported', ['an image was sent', 'does not see images']),
  row('audio', 'audioIn', 'audio_unsupported', ['audio was sent', 'does not hear audio']),
  row('file', 'fileIn', 'file_unsupported', ['a document was sent', 'does not read documents']),
  row('image_out', 'imageOut', 'image_out_unsupported', ['images are to be made', 'does not make images']),
  {
    ...row('reasoning', 'reasoning', 'reasoning_unsupported', ['reasoning was asked for', 'does not reason']),
    isWish: true,
  },
  row('reasoning_summary', 'reasoningSummary', 'reasoning_unsupported', ['summaries of reasoning are wanted', 'gives none']),
  row('json_schema', 'jsonSchema', 'json_schema_unsupported', ['structured output was asked for', 'does not support it']),
]

/** The target cannot do something that the request needs or the route demands. */
export const capabilities: HardFilter = {
  applies: () => true,
  refuses: (candidate, asked) => lacking(candidate, asked) !== undefined,
  reject: (candidate, asked) => {
    const found = lacking(candidate, asked)
    const { target, facts } = candidate
    if (found === undefined) throw new GatewayError('internal', 'A target was refused for something it can do.')
    const source = facts.declared?.[found.capability] === false ? 'declared' : 'catalogue'
    return {
      target_id: target.id,
      code: found.code,
      reason: `${found.wanted} and the target ${found.missing}`,
      evidence: {
        [source]: { [found.capability]: false },
        ...(asked.demands(found.need) ? { demanded_by: asked.route.name } : {}),
      },
    }
  },
}

/** Looks at what is known first: what the request needs is only worked out when something is missing. */
function lacking({ facts }: Candidate, asked: Asked): CapabilityRow | undefined {
  for (const entry of ROWS) {
    if (facts.capabilities[entry.capability] !== false) continue
    const isHeeded = entry.isWish !== true && asked.heedsCatalogue
    const counts = isHeeded || facts.declared?.[entry.capability] === false || asked.demands(entry.need)
    if (counts && asked.needs.has(entry.need)) return entry
  }
  return undefined
}

const SOURCES: readonly (readonly [RequestNeed, VisionSource, string])[] = [
  ['vision_inline', 'inline_base64', 'within the request'],
  ['vision_url', 'remote_url', 'by address'],
  ['vision_file', 'provider_file_ref', 'by file id'],
]

/** Images come in a way the target does not take. */
export const visionSources: HardFilter = {
  applies: () => true,
  refuses: (candidate, asked) => refusedSource(candidate, asked) !== undefined,
  reject: (candidate, asked): Rejection => {
    const [, source, words] = refusedSource(candidate, asked) ?? ['', '', '']
    return {
      target_id: candidate.target.id,
      code: 'vision_source_unsupported',
      reason: `an image was sent ${words} and the target does not take images so`,
      evidence: { image_source: source, accepted: candidate.facts.capabilities.visionSources },
    }
  },
}

function refusedSource({ facts }: Candidate, asked: Asked): (typeof SOURCES)[number] | undefined {
  const accepted = facts.capabilities.visionSources
  if (accepted === undefined) return undefined
  return SOURCES.find(([need, source]) => !accepted.includes(source) && asked.needs.has(need))
}

/** The route asks for hosted tools of certain formats. */
export const formats: HardFilter = {
  applies: ({ route }) => route.requirements?.formats !== undefined,
  refuses: ({ target }, asked) => !wantedFormats(asked).includes(target.format),
  reject: ({ target }, asked) => ({
    target_id: target.id,
    code: 'format_not_allowed',
    reason: `the route asks for tools of ${wantedFormats(asked).join(' or ')} and the target speaks ${target.format}`,
    evidence: { format: target.format, required: wantedFormats(asked) },
  }),
}

const wantedFormats = ({ route }: Asked): readonly WireFormat[] => route.requirements?.formats ?? []

function row(
  need: RequestNeed,
  capability: Switch,
  code: RejectionCode,
  [wanted, missing]: readonly [string, string],
): CapabilityRow {
  return { need, capability, code, wanted, missing }
}
