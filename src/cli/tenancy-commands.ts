import type { Command } from 'commander'
import { InvalidArgumentError } from 'commander'
import { randomBytes } from 'node:crypto'
import { dataDirectory } from '../config/locate.ts'
import { isObject, type JsonObject } from '../ir/json.ts'
import type { TenancyOrder } from '../operations/tenancy/tenancy-order.ts'
import type { TenancyPlace, TenancyResult } from '../operations/tenancy/tenancy-place.ts'
import type { CliContext } from './cli-context.ts'
import type { Execute } from './command.ts'
import { type CommonOptions, withConfig, withDataDir, withJson, withUrl } from './common-options.ts'
import { EXIT } from './exit-codes.ts'
import { operatorGateway } from './operator-gateway.ts'
import { requireConfig } from './require-config.ts'
import { terminalUser } from './terminal-user.ts'

/** Options of commands about keys, tenants, projects and owners; commander gives those that were typed. */
export interface TenancyOptions extends CommonOptions {
  readonly name?: string
  readonly limits?: JsonObject
  readonly tenant?: string
  readonly owner?: string
  readonly reason?: string
  readonly drain?: boolean
}

/** The options that every such command has. */
export const withPlace = (command: Command): Command => withUrl(withDataDir(withConfig(withJson(command))))

export const withName = (command: Command): Command => command.option('--name <text>', 'for people')

export const withLimits = (command: Command): Command =>
  command.option('--limits <json>', 'limits and budgets, as a JSON object', parseLimits)

export const withReason = (command: Command): Command =>
  command.option('--reason <text>', 'shown to whoever is refused because of it, and kept in the audit')

export const withDrain = (command: Command): Command =>
  command.option('--drain', 'let calls that are running finish, instead of ending them')

/** Commander shows the message of this error. */
function parseLimits(text: string): JsonObject {
  try {
    // A number that JSON cannot carry on, such as 1e999, would arrive as null, which lifts a limit.
    const value: unknown = JSON.parse(text, (_key, item: unknown) => (typeof item === 'number' ? finite(item) : item))
    if (isObject(value)) return value
  } catch (error) {
    if (error instanceof InvalidArgumentError) throw error
  }
  throw new InvalidArgumentError('Expected a JSON object.')
}

function finite(value: number): number {
  if (Number.isFinite(value)) return value
  throw new InvalidArgumentError('A number in it is too large.')
}

/** What a command wants, made of what was typed. `name` is its argument, empty when it has none. */
export interface TenancyCommand<Options extends TenancyOptions> {
  readonly order: (name: string, options: Options, context: CliContext) => TenancyOrder | Promise<TenancyOrder>
  /** Tells people what came of it. */
  readonly tell: (result: TenancyResult, context: CliContext) => Promise<void> | void
}

/** Gives a command what it does. */
export function defineTenancy<Options extends TenancyOptions>(
  command: Command,
  execute: Execute,
  { order, tell }: TenancyCommand<Options>,
): void {
  command.action(async (...given: unknown[]) => {
    const self = given.at(-1) as { optsWithGlobals(): Options }
    const name = typeof given[0] === 'string' ? given[0] : ''
    const options = self.optsWithGlobals()
    const run = async (context: CliContext): Promise<number> => {
      const result = await carryOut(context, options, await order(name, options, context))
      if (options.json === true) context.stdout(`${JSON.stringify({ ok: true, told: result.told, ...result.answer })}\n`)
      else await tell(result, context)
      return EXIT.ok
    }
    await execute(run, options.json === true)
  })
}

/** Lists are read to their end: a person who lists wants to see everything. */
async function carryOut(context: CliContext, options: TenancyOptions, order: TenancyOrder): Promise<TenancyResult> {
  const [{ carryOutTenancy }, place] = await Promise.all([
    import('../operations/tenancy/tenancy-place.ts'),
    tenancyPlace(context, options),
  ])
  if (order.action !== 'list') return carryOutTenancy(place, order)
  const field = `${order.kind}s`
  const all: unknown[] = []
  for (let after: string | undefined; ;) {
    const { told, answer } = await carryOutTenancy(place, { ...order, filter: { ...order.filter, after, limit: 1_000 } })
    all.push(...(answer[field] as unknown[]))
    const next = answer['next_after']
    if (typeof next !== 'string') return { told, answer: { [field]: all } }
    after = next
  }
}

/** The gateway that runs, or the files that the next one reads. */
async function tenancyPlace(context: CliContext, options: CommonOptions): Promise<TenancyPlace> {
  const gateway = await operatorGateway(context, options)
  if (gateway !== undefined) return { kind: 'gateway', gateway }
  const { compiled } = await requireConfig(context, { path: options.config })
  const { surroundings, clock } = context
  return {
    kind: 'files',
    dataDir: dataDirectory(surroundings, options.dataDir),
    config: compiled,
    clock,
    pid: process.pid,
    random: randomBytes,
    user: terminalUser(context),
  }
}
