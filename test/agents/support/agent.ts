import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** The folder with the agents' own package and lockfile. */
const AGENTS = join(import.meta.dir, '..')

export interface AgentRun {
  readonly exitCode: number
  readonly stdout: string
  readonly stderr: string
  /** Contents of the files that the agent left where it worked, by name. */
  readonly files: Readonly<Record<string, string>>
}

export interface AgentOptions {
  readonly gatewayUrl: string
  readonly model: string
  readonly prompt: string
  /** The agent tries again as it does out of the box. */
  readonly retries?: boolean
}

/** How one agent is told about the gateway, and how it is started. */
interface AgentSetup {
  readonly command: readonly string[]
  readonly env: Readonly<Record<string, string>>
  /** Writes what the agent reads from its home folder. */
  prepare?(home: string): void
}

export const KEY = 'sk-of-the-agent'
const LONGEST_MS = 60_000

const SETUPS = {
  claude: ({ gatewayUrl, ...options }: AgentOptions): AgentSetup =>
    claudeSetup(options, { ANTHROPIC_BASE_URL: gatewayUrl, ANTHROPIC_API_KEY: KEY }),
  'claude-bedrock': ({ gatewayUrl, ...options }: AgentOptions): AgentSetup =>
    claudeSetup(options, {
      CLAUDE_CODE_USE_BEDROCK: '1',
      ANTHROPIC_BEDROCK_BASE_URL: gatewayUrl,
      AWS_BEARER_TOKEN_BEDROCK: KEY,
      AWS_REGION: 'us-east-1',
    }),
  codex: ({ gatewayUrl, model, prompt, retries = false }: AgentOptions): AgentSetup => ({
    command: [binary('codex'), 'exec', '--skip-git-repo-check', '--dangerously-bypass-approvals-and-sandbox', '--json', prompt],
    env: { GATEWAY_KEY: KEY },
    prepare: (home) => {
      mkdirSync(join(home, '.codex'))
      writeFileSync(join(home, '.codex', 'config.toml'), codexConfig(gatewayUrl, model, retries))
    },
  }),
  gemini: ({ gatewayUrl, model, prompt }: AgentOptions): AgentSetup => ({
    command: [binary('gemini'), '--yolo', '--model', model, '--prompt', prompt],
    env: { GEMINI_API_KEY: KEY, GOOGLE_GEMINI_BASE_URL: gatewayUrl, GEMINI_CLI_TRUST_WORKSPACE: 'true', NO_BROWSER: '1' },
    prepare: (home) => {
      mkdirSync(join(home, '.gemini'))
      writeFileSync(join(home, '.gemini', 'settings.json'), JSON.stringify(GEMINI_SETTINGS))
    },
  }),
} as const

const GEMINI_SETTINGS = {
  security: { auth: { selectedType: 'gemini-api-key' } },
  general: { disableAutoUpdate: true, disableUpdateNag: true, enableAutoUpdate: false },
  privacy: { usageStatisticsEnabled: false },
  telemetry: { enabled: false },
}

export type AgentName = keyof typeof SETUPS
export const AGENT_NAMES = Object.keys(SETUPS) as AgentName[]

/** Runs an agent to its end, with a home folder and a working folder of its own and no variable of whoever runs the tests. */
export async function runAgent(name: AgentName, options: AgentOptions): Promise<AgentRun> {
  const place = mkdtempSync(join(tmpdir(), `switchback-${name}-`))
  const [home, folder] = [join(place, 'home'), join(place, 'work')]
  mkdirSync(home)
  mkdirSync(folder)
  const setup = SETUPS[name](options)
  setup.prepare?.(home)
  const child = Bun.spawn({
    cmd: [...setup.command],
    cwd: folder,
    env: {
      PATH: process.env['PATH'] ?? '/usr/local/bin:/usr/bin:/bin',
      HOME: home,
      TERM: 'dumb',
      LANG: 'C.UTF-8',
      TMPDIR: place,
      ...setup.env,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: LONGEST_MS,
  })
  const [stdout, stderr, exitCode] = await Promise.all([
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
    child.exited,
  ])
  const files = readdirSync(folder, { withFileTypes: true }).filter((entry) => entry.isFile())
  const contents = Object.fromEntries(files.map(({ name: file }) => [file, readFileSync(join(folder, file), 'utf8')]))
  rmSync(place, { recursive: true, force: true })
  return { exitCode, stdout, stderr, files: contents }
}

const claudeSetup = ({ model, prompt }: Omit<AgentOptions, 'gatewayUrl'>, env: AgentSetup['env']): AgentSetup => ({
  command: [binary('claude'), '-p', prompt, '--model', model, '--output-format', 'json', '--dangerously-skip-permissions'],
  env: {
    ...env,
    CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: '1',
    DISABLE_TELEMETRY: '1',
    DISABLE_AUTOUPDATER: '1',
    DISABLE_ERROR_REPORTING: '1',
    // It refuses to skip its questions as root outside of a sandbox; the namespace is one.
    IS_SANDBOX: '1',
  },
})

const binary = (name: string): string => join(AGENTS, 'node_modules', '.bin', name)

/** Without `retries` none of its own, so that a second try would show as a failure. */
const codexConfig = (gatewayUrl: string, model: string, retries: boolean): string => `
model = "${model}"
model_provider = "gateway"
model_reasoning_effort = "high"
check_for_update_on_startup = false
[model_providers.gateway]
name = "gateway"
base_url = "${gatewayUrl}/v1"
env_key = "GATEWAY_KEY"
wire_api = "responses"
${retries ? '' : 'request_max_retries = 0\nstream_max_retries = 0'}
[analytics]
enabled = false
[otel]
exporter = "none"
`
