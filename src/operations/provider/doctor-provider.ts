import type { ModelFacts } from '../../codecs/codec.ts'
import type { Environment } from '../../config/env.ts'
import { GatewayError } from '../../errors/gateway-error.ts'
import type { Clock } from '../../lib/clock.ts'
import { nearest } from '../../lib/nearest.ts'
import { environmentProxy } from '../../transport/environment-proxy.ts'
import { type ConnectStages, connectStages } from '../../transport/connect-stages.ts'
import { probeCall, type ProbeSeen } from '../certify/probe-call.ts'
import { type CheckName, failure, fine, warning, type Finding } from '../doctor/finding.ts'
import { durationWords, listWords, plural, safeText, visibleText } from '../story-words.ts'
import { wayOutOf } from '../way-out.ts'
import { ADVICE, TLS_ADVICE } from './advice.data.ts'
import { listModels } from './list-models.ts'
import type { Upstream } from './open-upstream.ts'

export interface ProviderDoctorOptions {
  readonly upstream: Upstream
  /** Default: what the configuration says, else the first that the upstream lists. */
  readonly model?: string | undefined
  readonly factsOf: (model: string) => ModelFacts
  readonly clock: Pick<Clock, 'now'>
  /** Told of the call that was made, for the ledger. */
  readonly called?: ((seen: ProbeSeen, model: string) => void) | undefined
  /** Says which addresses are reached through a proxy, behind which only HTTP can be tried. */
  readonly env: Environment
  /** Whether anything may leave this machine. */
  readonly mayLeave: boolean
  /** Default: the network. */
  readonly connect?: typeof connectStages | undefined
}

export interface ProviderDoctorReport {
  readonly schema: 'switchback.provider-doctor/v1'
  readonly ok: boolean
  readonly provider: string
  readonly model: string | undefined
  readonly failures: number
  readonly warnings: number
  /** In the order of the way: what comes after a failure that ends it is left out. */
  readonly findings: readonly Finding[]
}

const CONNECT_MS = 5_000
const LIST_MS = 30_000
const ANSWER_MS = 60_000

/** Goes the way of a call step by step, from the name of the host to a first token, and says what to do where it ends. Costs some tokens. */
export async function doctorProvider(options: ProviderDoctorOptions): Promise<ProviderDoctorReport> {
  const findings: Finding[] = await checkConnection(options)
  let model: string | undefined
  if (findings.every(({ status }) => status !== 'failure')) {
    const listed = await checkModels(options)
    findings.push(...listed.findings)
    model = options.model ?? options.upstream.usualModel ?? listed.ids[0]
    if (listed.findings.every(({ check, status }) => status !== 'failure' || check === 'models'))
      findings.push(await checkFirstToken(options, model))
  }
  const failures = findings.filter(({ status }) => status === 'failure').length
  return {
    schema: 'switchback.provider-doctor/v1',
    ok: failures === 0,
    provider: options.upstream.provider.id,
    model,
    failures,
    warnings: findings.filter(({ status }) => status === 'warning').length,
    findings,
  }
}

async function checkConnection({ upstream, env, mayLeave, connect = connectStages }: ProviderDoctorOptions): Promise<Finding[]> {
  const { type, baseUrl } = upstream.provider.settings
  if (type === 'mock') return [fine('dns', 'A mock answers inside this process.')]
  const url = new URL(baseUrl)
  const way = wayOutOf(url, upstream.account.egress, { proxied: environmentProxy(env), mayLeave })
  if (way.kind === 'closed')
    return [
      failure(
        'tcp',
        `${url.host} is not tried. ${way.why}`,
        'Open it in the configuration, or name another egress for the account.',
      ),
    ]
  if (way.kind === 'proxied')
    return [fine('tcp', `${url.host} is reached through a proxy, which resolves its name and is tried with the first request.`)]
  return findingsOf(url, await connect(url, CONNECT_MS, upstream.account.egress?.trusted))
}

function findingsOf({ host, hostname, port, protocol }: URL, stages: ConnectStages): Finding[] {
  if ('failure' in stages.dns)
    return [
      failure(
        'dns',
        `The name ${hostname} cannot be resolved (${stages.dns.failure}).`,
        'Check the host of base_url for typing mistakes, and the name servers of this machine.',
      ),
    ]
  const found = fine('dns', `${hostname} is ${listWords(stages.dns.addresses.slice(0, 4))}.`)
  const at = port === '' ? (protocol === 'https:' ? '443' : '80') : port
  if (stages.tcp !== 'connected')
    return [found, failure('tcp', `Port ${at} of ${hostname}: ${stages.tcp}.`, TCP_ADVICE[stages.tcp ?? ''])]
  const connected = fine('tcp', `Port ${at} takes connections.`)
  if (stages.tls === undefined) return [found, connected]
  if ('failure' in stages.tls) {
    const { failure: code } = stages.tls
    return [
      found,
      connected,
      failure('tls', `The handshake with ${host} fails (${code}).`, TLS_ADVICE[code] ?? 'Is this the port of an HTTPS server?'),
    ]
  }
  return [found, connected, fine('tls', `${stages.tls.protocol}, with a certificate that is valid until ${stages.tls.validTo}.`)]
}

const TCP_ADVICE: Readonly<Record<string, string>> = {
  refused: 'Nothing listens there. Start the server, or correct the port of base_url.',
  timeout: 'Nothing answers: a firewall on the way drops the packets, or the address is a dead one.',
  unreachable: 'There is no route there from this machine. Check the network, a VPN, and whether the address is IPv6 only.',
}

interface ListedModels {
  readonly findings: readonly Finding[]
  readonly ids: readonly string[]
}

async function checkModels({ upstream, model }: ProviderDoctorOptions): Promise<ListedModels> {
  try {
    const models = await listModels(upstream, AbortSignal.timeout(LIST_MS))
    if (models === undefined) return { findings: [fine('models', 'Servers like this one have no list of models.')], ids: [] }
    const { ids } = models
    const answered = [fine('http', 'The server answers.'), fine('key', 'The list of models was given.')]
    return { findings: [...answered, checkModel(ids, model ?? upstream.usualModel)], ids }
  } catch (error) {
    if (!(error instanceof GatewayError)) throw error
    return { findings: refusedList(error), ids: [] }
  }
}

function checkModel(ids: readonly string[], model: string | undefined): Finding {
  if (ids.length === 0) return warning('models', 'The upstream lists no models.', 'Load or deploy one there.')
  if (model === undefined || ids.includes(model))
    return fine(
      'models',
      `The upstream lists ${plural(ids.length, 'model')}${model === undefined ? '' : `, ${safeText(model)} among them`}.`,
    )
  const meant = nearest(model, ids)
  return warning(
    'models',
    `The upstream lists ${plural(ids.length, 'model')}, and ${safeText(model)} is none of them.`,
    meant === undefined
      ? '"switchback provider models ID" shows them. Some upstreams serve names that they do not list.'
      : `Did you mean ${safeText(meant)}?`,
  )
}

/** A refusal tells that HTTP works. Servers without a list are still fine. */
function refusedList(error: GatewayError): Finding[] {
  const { code } = error
  const message = visibleText(error.message)
  const status = error.upstream?.status
  if (status === undefined) return [failure('http', message, ADVICE[code])]
  const answered = fine('http', `The server answers (status ${status}).`)
  if (code === 'upstream_authentication' || code === 'upstream_permission')
    return [answered, failure('key', message, ADVICE[code])]
  if (status === 404 || status === 405)
    return [
      answered,
      warning(
        'models',
        'The server has no list of models at this address.',
        'When the next step fails too, check the path of base_url.',
      ),
    ]
  return [answered, warning('models', message, ADVICE[code])]
}

async function checkFirstToken(
  { upstream, clock, factsOf, called }: ProviderDoctorOptions,
  model: string | undefined,
): Promise<Finding> {
  const check: CheckName = 'first token'
  if (model === undefined)
    return warning(check, 'No call was made, because no model is known.', 'Add --model, or `model_hint` to the provider.')
  const seen = await probeCall({
    upstream,
    request: {
      model,
      messages: [{ role: 'user', content: [{ type: 'text', text: 'Reply with the single word: ok' }] }],
      sampling: {},
      maxOutputTokens: 256,
      stream: true,
    },
    facts: factsOf(model),
    clock,
    signal: AbortSignal.timeout(ANSWER_MS),
  })
  called?.(seen, model)
  const name = safeText(model)
  if (seen.error !== undefined)
    return failure(check, `${name} does not answer. ${visibleText(seen.error.message)}`, ADVICE[seen.error.code])
  if (seen.firstTokenMs === undefined)
    return failure(
      check,
      `${name} ended its answer without saying anything.`,
      'Try another model, or look at it with "switchback provider test".',
    )
  return fine(
    check,
    `${name} began to answer after ${durationWords(seen.firstTokenMs)}, and was done after ${durationWords(seen.totalMs)}.`,
  )
}
