import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { existsSync } from 'node:fs'
import { networkInterfaces } from 'node:os'
import { AGENT_TASK } from '../support/scripted-upstream-script.ts'
import { AGENT_NAMES, runAgent, type AgentName, type AgentRun } from './support/agent.ts'
import {
  openAgentStage,
  SHARED_UPSTREAM,
  startSharedUpstream,
  startStrictUpstream,
  UPSTREAM_FORMATS,
  type AgentStage,
  type AgentUpstream,
  type UpstreamFormat,
} from './support/agent-stage.ts'

interface Task {
  readonly prompt: string
  /** How often the upstream is called for it, when nothing is tried twice. */
  readonly calls: number
}

const TEXT: Task = { prompt: 'Say hello in one short sentence.', calls: 1 }
const TOOL: Task = { prompt: 'USE_TOOL Please create the proof file with one shell command, then report.', calls: 2 }
const PATHS: Readonly<Record<UpstreamFormat, string>> = {
  chat: '/v1/chat/completions',
  responses: '/v1/responses',
  messages: '/v1/messages',
  gemini: '/v1beta/models/MODEL:streamGenerateContent?alt=sse',
}
const MATRIX = AGENT_NAMES.flatMap((agent) => UPSTREAM_FORMATS.map((format): [AgentName, UpstreamFormat] => [agent, format]))

beforeAll(() => {
  const names = Object.keys(networkInterfaces()).filter((name) => name !== 'lo')
  // Agents call their makers' hosts on their own account; nothing of that may leave this machine.
  if (names.length > 0)
    throw new Error(`there is a network (${names.join(', ')}); run this with npm run test:agents, which takes it away`)
})

/** Runs the agent on a task and asserts how it ended, and that the upstream was called exactly as often as the task needs. */
async function run(stage: AgentStage, agent: AgentName, format: UpstreamFormat, task: Task): Promise<AgentRun> {
  const { prompt, calls } = task
  const result = await runAgent(agent, { gatewayUrl: stage.url, model: `team-${format}`, prompt })
  const made = stage.newCalls().map((call) => call.replace('?beta=true', ''))
  expect({
    exitCode: result.exitCode,
    calls: made,
    stderr: result.exitCode === 0 ? '' : result.stderr,
    stdout: result.exitCode === 0 ? '' : result.stdout,
  }).toEqual({
    exitCode: 0,
    calls: Array.from({ length: calls }, () => `POST ${PATHS[format].replace('MODEL', stage.model)}`),
    stderr: '',
    stdout: '',
  })
  return result
}

async function expectGoodRecords(stage: AgentStage): Promise<void> {
  // Claude Code in Bedrock mode also asks for its usual models when it starts, whatever it is told to use.
  const records = (await stage.records()).filter(({ requested_model: model }) => model.startsWith('team-'))
  expect(records.length).toBeGreaterThan(0)
  expect(
    records.filter(({ status, attempts, error_code: code }) => status !== 200 || attempts > 1 || code !== undefined),
  ).toEqual([])
  // Google's agent tells nothing by which its conversations could be known.
  const known = records.filter((record) => record.operation === 'generate' && record.client_format !== 'gemini')
  expect(known.filter((record) => record.session_id === undefined)).toEqual([])
}

describe('real agents, in front of an upstream that is as strict as the vendors', () => {
  let stage: AgentStage
  let upstream: AgentUpstream
  beforeAll(async () => {
    upstream = await startStrictUpstream()
    stage = await openAgentStage(upstream)
  })
  afterAll(() => stage.close())

  test.each(MATRIX)('%s answers when the upstream speaks %s', async (agent, format) => {
    const result = await run(stage, agent, format, TEXT)
    expect(result.stdout).toContain(AGENT_TASK.text)
  })

  test.each(MATRIX)('%s writes a file with its shell when the upstream speaks %s', async (agent, format) => {
    const result = await run(stage, agent, format, TOOL)
    // Where reasoning is asked for, the upstream refuses turns that come without what it had thought. Google's agent does not ask strangers.
    const thinks = agent !== 'gemini' || format === 'gemini'
    expect(result.stdout).toContain(`${AGENT_TASK.done} ${thinks ? 'with' : 'without'} thoughts`)
    expect(result.files[AGENT_TASK.file]).toBe(AGENT_TASK.content)
    // Claude Code begins its prompts with a line that changes from call to call; it would spoil every other vendor's cache.
    const isAttributed = upstream.lastBody?.().includes('x-anthropic-billing-header')
    expect(isAttributed).toBe(agent.startsWith('claude') && format === 'messages')
  })

  test('everything they asked for was served at the first attempt, and recorded by session', async () => {
    await expectGoodRecords(stage)
  })
})

describe.skipIf(!existsSync(SHARED_UPSTREAM))(
  "real agents, in front of the agents' own scripted upstream (skipped when ../shared/tools is absent)",
  () => {
    let stage: AgentStage
    let thinking: AgentStage
    beforeAll(async () => {
      stage = await openAgentStage(await startSharedUpstream())
      thinking = await openAgentStage(await startSharedUpstream({ thinks: true }))
    })
    afterAll(async () => {
      await stage.close()
      await thinking.close()
    })

    test.each(MATRIX)('%s finishes a text and a tool task when the upstream speaks %s', async (agent, format) => {
      const text = await run(stage, agent, format, TEXT)
      expect(text.stdout).toContain('TRIAL-TEXT-OK')
      const tool = await run(stage, agent, format, TOOL)
      expect(tool.stdout).toContain('TRIAL-TOOL-DONE')
      expect(tool.files['trial-proof.txt']).toBe('trial-tool-ran')
    })

    test.each([
      ['claude', 'responses'],
      ['codex', 'messages'],
    ] as const)('%s finishes a tool task when the upstream speaks %s and thinks first', async (agent, format) => {
      const result = await run(thinking, agent, format, TOOL)
      expect(result.stdout).toContain('TRIAL-TOOL-DONE')
      expect(result.files['trial-proof.txt']).toBe('trial-tool-ran')
    })

    test('everything they asked for was served at the first attempt, and recorded by session', async () => {
      await expectGoodRecords(stage)
      await expectGoodRecords(thinking)
    })
  },
)

describe('claude /context', () => {
  let stage: AgentStage
  beforeAll(async () => {
    stage = await openAgentStage(await startStrictUpstream())
  })
  afterAll(() => stage.close())

  test.each([...UPSTREAM_FORMATS])('has all its parallel token counts answered when the upstream speaks %s', async (format) => {
    const result = await runAgent('claude', { gatewayUrl: stage.url, model: `team-${format}`, prompt: '/context' })
    expect({ exitCode: result.exitCode, stderr: result.stderr }).toEqual({ exitCode: 0, stderr: '' })
    expect(result.stdout).toContain('Context Usage')
    const records = (await stage.records()).filter(
      (record) => record.operation === 'count-tokens' && record.requested_model === `team-${format}`,
    )
    expect(records.length).toBeGreaterThanOrEqual(10)
    expect(records.filter((record) => record.status !== 200)).toEqual([])
    const upstreamCounts = stage.newCalls()
    // Two formats have a counter; for the others the gateway counts.
    expect(upstreamCounts.filter((call) => !/^POST \/v1\/messages\/count_tokens|:countTokens$/.test(call))).toEqual([])
    expect(upstreamCounts).toHaveLength(format === 'messages' || format === 'gemini' ? records.length : 0)
  })
})
