import type { CompiledConfig } from '../../config/compile.ts'
import { formatProblem, type ConfigProblem } from '../../config/problem.ts'
import { withoutPlainSecrets, type PlainSecret } from '../../config/written-config.ts'
import { GatewayError } from '../../errors/gateway-error.ts'
import type { Clock } from '../../lib/clock.ts'
import type { Coordination } from '../../state/coordination/store.ts'
import { noSuchRevision, requireExpected } from '../../state/revisions/revision-row.ts'
import type { KeptRevision, RevisionStore } from '../../state/revisions/store.ts'
import { actorName, audited, type AuditParts, type Origin } from '../audited.ts'
import { plural } from '../story-words.ts'
import type { ConfigLoader } from './config-in-force.ts'
import { type ReplicaState, settledReplicas } from './replica-states.ts'
import { revisionBody } from './revision-body.ts'

/** What publishing works on: a running gateway, or what gateways that do not run have left. */
export interface PublishParts {
  readonly store: RevisionStore
  readonly load: ConfigLoader
  /** Rejects with `config_invalid` when a gateway would not take the configuration. */
  readonly check: (config: CompiledConfig) => Promise<void>
  /** Resolves when what was published was taken over by this gateway, or refused; undefined where none runs. */
  readonly settled?: (() => Promise<unknown>) | undefined
  readonly audit: AuditParts['audit']
  readonly clock: Clock
  /** Undefined where no gateway runs. */
  readonly coordination?: Pick<Coordination, 'id' | 'replicas' | 'look'> | undefined
}

/** What an order to publish says beside what it is about. */
export interface PublishTerms {
  readonly note?: string | undefined
  /** Only in the place of this revision; `none`: only when none is published. */
  readonly expected?: number | 'none' | undefined
  /** Looks whether it would be done, and does nothing. */
  readonly isTrial?: boolean | undefined
}

export interface NewConfig {
  /** How problems name it, as the name of its file. */
  readonly name: string
  /** YAML or JSON. */
  readonly document: string
  /** Texts of the policy tests it names, by the names it gives them. */
  readonly policyFiles: Readonly<Record<string, string>>
}

/** What came of an order. */
export interface PublishOutcome {
  /** The one that holds for all gateways now, or would; undefined when each serves by its own. */
  readonly revision: number | undefined
  /** The one before. */
  readonly before: number | undefined
  readonly isTrial: boolean
  /** Warnings about the configuration. */
  readonly warnings: readonly string[]
  /** The gateways that were alive, and whether they serve by it already. */
  readonly replicas: readonly ReplicaState[]
}

/**
 * Puts a configuration in the place of every gateway's own. It is checked first, with what is here of environment, vault and policy tests. Rejects with
 * `revision_refused` and all that is wrong with it, `revision_conflict` or `state_unavailable`; nothing has changed then.
 */
export async function publishConfig(
  parts: PublishParts,
  origin: Origin,
  { name, document, policyFiles, ...terms }: NewConfig & PublishTerms,
): Promise<PublishOutcome> {
  requireKept(parts)
  const { compiled, warnings } = await checked(parts, { revision: 0, name, document, policyFiles })
  const body = revisionBody(compiled)
  if (terms.isTrial === true) return trial(parts, terms, { revision: undefined, warnings })
  // Whoever is late leaves nothing in the history.
  requireExpected(terms, await parts.store.published())
  const revision = await parts.store.note(body, parts.clock.wall())
  return ordered(parts, origin, { ...terms, revision }, warnings)
}

/** Puts a revision of the history in force again. Rejects as `publishConfig`, and with `revision_not_found`. */
export async function publishRevision(
  parts: PublishParts,
  origin: Origin,
  { revision, ...terms }: PublishTerms & { readonly revision: number },
): Promise<PublishOutcome> {
  requireKept(parts)
  const { warnings } = await checked(parts, wholeBody(revision, await parts.store.get(revision)))
  if (terms.isTrial === true) return trial(parts, terms, { revision, warnings })
  return ordered(parts, origin, { ...terms, revision }, warnings)
}

/** Has every gateway serve by its own configuration again. */
export async function withdraw(parts: PublishParts, origin: Origin, terms: PublishTerms): Promise<PublishOutcome> {
  requireKept(parts)
  if (terms.isTrial === true) return trial(parts, terms, { revision: undefined, warnings: [] })
  return ordered(parts, origin, { ...terms, revision: undefined }, [])
}

async function ordered(
  { store, audit, clock, settled, coordination }: PublishParts,
  origin: Origin,
  { revision, note, expected }: PublishTerms & { readonly revision: number | undefined },
  warnings: readonly string[],
): Promise<PublishOutcome> {
  const before = await store.published()
  requireExpected({ expected }, before)
  if (revision === undefined && before?.revision === undefined)
    return { revision, before: undefined, isTrial: false, warnings, replicas: [] }
  const at = Math.floor(clock.wall())
  await audited(
    { audit, clock },
    origin,
    {
      action: revision === undefined ? 'config.withdraw' : 'config.publish',
      subject: { kind: 'revision', id: revision === undefined ? 'none' : String(revision) },
      details: { before: before?.revision ?? null, ...(note === undefined ? {} : { note }) },
    },
    () => store.publish({ revision, at, by: actorName(origin.actor), note, expected }),
  )
  await settled?.()
  const replicas = coordination === undefined ? [] : await settledReplicas(coordination, { revision, clock })
  return { revision, before: before?.revision, isTrial: false, warnings, replicas }
}

async function trial(
  { store }: PublishParts,
  { expected }: PublishTerms,
  found: Pick<PublishOutcome, 'revision' | 'warnings'>,
): Promise<PublishOutcome> {
  const before = await store.published()
  requireExpected({ expected }, before)
  return { ...found, before: before?.revision, isTrial: true, replicas: [] }
}

/** The configuration as this gateway would take it. */
async function checked(
  { load, check }: PublishParts,
  wanted: Parameters<ConfigLoader>[0] & object,
): Promise<{ readonly compiled: CompiledConfig; readonly warnings: readonly string[] }> {
  const loaded = await load(wanted)
  const secrets = loaded.ok ? withoutPlainSecrets(wanted.document, 'telling').secrets : []
  if (!loaded.ok) throw refused(loaded.problems)
  if (secrets.length > 0) throw plainSecrets(secrets)
  try {
    await check(loaded.compiled)
  } catch (error) {
    if (!(error instanceof GatewayError) || error.code !== 'config_invalid') throw error
    throw new GatewayError('revision_refused', `Nothing was published. ${error.message}`, { details: error.details ?? {} })
  }
  const { compiled, warnings } = loaded
  return { compiled, warnings: [...warnings.map(formatProblem), ...(compiled.server.apiKeys.length === 0 ? [NO_KEYS] : [])] }
}

const NO_KEYS =
  'No key stands in it (api_keys, server.api_key): gateways on a loopback address that serve by it are open to everybody there, and those that others reach do not take it.'

function requireKept({ store }: PublishParts): void {
  if (store.isKept) return
  throw new GatewayError(
    'revision_refused',
    'This gateway keeps nothing (state.store: memory), so what is published would be gone with it. Give it a place for its state first, or change its own configuration.',
  )
}

function wholeBody(revision: number, body: KeptRevision | undefined): KeptRevision {
  if (body === undefined) throw noSuchRevision(revision)
  if (body.isWhole) return body
  const why =
    body.source === 'environment'
      ? 'it was made of the environment of one machine'
      : 'it held secrets in plain, which the history does not keep'
  throw new GatewayError('revision_refused', `Revision ${revision} cannot be put in force as it stands: ${why}.`)
}

const refused = (problems: readonly ConfigProblem[]): GatewayError =>
  new GatewayError(
    'revision_refused',
    `Nothing was published: ${plural(problems.length, 'problem')} in the configuration.\n${problems.map((problem) => `  ${formatProblem(problem)}`).join('\n')}`,
    { details: { problems } },
  )

const plainSecrets = (secrets: readonly PlainSecret[]): GatewayError =>
  new GatewayError(
    'revision_refused',
    `Nothing was published: secrets stand in it in plain, and would be kept for everybody who may read the history.\n${secrets.map(({ path, line }) => `  line ${line}: ${path}`).join('\n')}\nName a variable of the environment (api_key_env, \${NAME}) or a secret of the vault instead.`,
    { details: { problems: secrets } },
  )
