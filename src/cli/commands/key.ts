import type { Command } from 'commander'
import { isObject, type JsonObject } from '../../ir/json.ts'
import { parseIssuedKey } from '../../lib/issued-key.ts'
import type { KeyInspection } from '../../operations/tenancy/key-inspect.ts'
import type { TenancyResult } from '../../operations/tenancy/tenancy-place.ts'
import type { KeyView } from '../../operations/tenancy/tenancy-views.ts'
import type { CliContext } from '../cli-context.ts'
import type { CommandDefinition, Execute } from '../command.ts'
import { EXIT } from '../exit-codes.ts'
import { redeem } from '../redeem-invitation.ts'
import { type CommonOptions, withJson, withUrl } from '../common-options.ts'
import {
  defineTenancy,
  withDrain,
  withLimits,
  withName,
  withPlace,
  withReason,
  type TenancyOptions,
} from '../tenancy-commands.ts'

interface KeyOptions extends TenancyOptions {
  readonly project?: string
  readonly role?: string
  readonly models?: readonly string[]
  readonly routes?: readonly string[]
  readonly providers?: readonly string[]
  readonly accounts?: readonly string[]
  readonly allowAll?: boolean
  readonly expires?: string
  readonly invite?: boolean
  readonly inviteExpires?: string
  readonly grace?: string
}

/** `switchback key create|list|inspect|change|rotate|revoke|disable|enable|redeem`. */
export const keyCommand: CommandDefinition = {
  define(program, execute) {
    const group = program
      .command('key')
      .summary('issue keys to people and teams, look at them, end them')
      .description('Issues keys to owners, in the gateway that runs or for the next start when none does. Nothing restarts.')
    defineCreate(group, execute)
    defineLooking(group, execute)
    defineChanges(group, execute)
    defineRedeem(group, execute)
  },
}

const ID_HELP = 'id of the key, such as sbk_0123456789ab, or the whole key'

function defineCreate(group: Command, execute: Execute): void {
  const create = withTerms(withPlace(group.command('create')))
    .requiredOption('--owner <id>', 'the person or team it is issued to; one who is new is known from then on')
    .option('--tenant <id>', "tenant it belongs to (default: the owner's)")
    .option('--project <id>', 'project of the tenant')
    .option('--invite', 'make an invitation instead, with which the owner fetches the key once, unseen by anybody else')
    .option('--invite-expires <time>', 'how long the invitation is valid (default: 7d)')
    .summary('issue a key')
    .description('Issues a key and shows it once, on stdout; only its hash is kept.')
  defineTenancy<KeyOptions>(create, execute, {
    order: (_name, options) => {
      const { owner, tenant, project, invite, inviteExpires } = options
      const body = { owner, tenant, project, invite, invite_expires: inviteExpires, ...termsOf(options) }
      return { kind: 'key', action: 'create', body }
    },
    tell: tellSecret,
  })
}

function defineLooking(group: Command, execute: Execute): void {
  const list = withPlace(group.command('list'))
    .option('--owner <id>', 'of this owner only')
    .option('--tenant <id>', 'of this tenant only')
    .summary('list the keys that were issued')
    .description(
      'Lists the keys that were issued: whose, for what, and what has become of them. Keys of the configuration stand there.',
    )
  defineTenancy<KeyOptions>(list, execute, {
    order: (_name, { owner, tenant }) => ({ kind: 'key', action: 'list', filter: { owner, tenant } }),
    async tell({ answer }, context) {
      const { renderKeys } = await import('../../operations/tenancy/render-tenancy.ts')
      context.stdout(`${renderKeys(answer['keys'] as KeyView[], context.clock.wall())}\n`)
    },
  })
  const inspect = withPlace(group.command('inspect'))
    .argument('<key>', 'id of the key, the whole key, or - to read it from stdin, where no other process sees it')
    .summary('tell everything of a key')
    .description('Tells whose key it is, what it may do, what has become of it, from where and for what it was used.')
  defineTenancy<KeyOptions>(inspect, execute, {
    order: async (name, _options, context) => {
      const key = name === '-' ? (await context.readText('-')).trim() : name
      return { kind: 'key', action: 'inspect', body: { key } }
    },
    async tell({ answer }, context) {
      const { renderInspection } = await import('../../operations/tenancy/render-tenancy.ts')
      context.stdout(`${renderInspection(answer as KeyInspection, context.clock.wall())}\n`)
    },
  })
}

function defineChanges(group: Command, execute: Execute): void {
  const change = withTerms(withPlace(group.command('change')))
    .argument('<id>', ID_HELP)
    .option('--allow-all', 'lift the restriction to models, routes, providers and accounts')
    .summary('give a key other terms')
    .description(
      'Gives a key other terms. Lists of what it may use replace the ones before, all four of them. --expires never lifts the end.',
    )
  defineTenancy<KeyOptions>(change, execute, {
    order: (name, options) => {
      const lifted = options.allowAll === true ? { allowed: null } : {}
      return { kind: 'key', action: 'change', id: idOf(name), body: { ...termsOf(options), ...lifted } }
    },
    tell: tellState,
  })
  const rotate = withPlace(group.command('rotate'))
    .argument('<id>', ID_HELP)
    .option('--grace <time>', 'how long the secret before stays valid; 0 for not at all (default: 24h)')
    .summary('give a key a new secret')
    .description(
      'Gives a key a new secret, shown once on stdout. The one before stays valid for a while. Id, owner and terms remain.',
    )
  defineTenancy<KeyOptions>(rotate, execute, {
    order: (name, { grace }) => ({ kind: 'key', action: 'rotate', id: idOf(name), body: { grace } }),
    tell: tellSecret,
  })
  for (const [action, summary] of [
    ['revoke', 'end a key for good'],
    ['disable', 'take a key out of use'],
  ] as const) {
    const command = withDrain(withReason(withPlace(group.command(action))))
      .argument('<id>', ID_HELP)
      .summary(summary)
      .description(
        `${summary.replace(/^./, (letter) => letter.toUpperCase())}. Answers that are being streamed to it end, with an error in the stream.`,
      )
    defineTenancy<KeyOptions>(command, execute, {
      order: (name, { reason, drain }) => ({ kind: 'key', action, id: idOf(name), body: { reason, drain } }),
      tell: tellState,
    })
  }
  const enable = withReason(withPlace(group.command('enable')))
    .argument('<id>', ID_HELP)
    .summary('put a key back into use')
  defineTenancy<KeyOptions>(enable, execute, {
    order: (name, { reason }) => ({ kind: 'key', action: 'enable', id: idOf(name), body: { reason } }),
    tell: tellState,
  })
}

function defineRedeem(group: Command, execute: Execute): void {
  withUrl(withJson(group.command('redeem')))
    .argument('<invitation>', 'the invitation (sbi_…), or - to read it from stdin')
    .summary('fetch the key of an invitation')
    .description('Fetches the key of an invitation from the gateway of --url, once. It is shown on stdout.')
    .action(async (given: string, _options: CommonOptions, self: { optsWithGlobals(): CommonOptions }) => {
      const options = self.optsWithGlobals()
      const run = async (context: CliContext): Promise<number> => {
        const answer = await redeem(context, given, options)
        if (options.json === true) context.stdout(`${JSON.stringify({ ok: true, ...answer })}\n`)
        else tellSecret({ told: { gateway: options.url ?? '' }, answer }, context)
        return EXIT.ok
      }
      await execute(run, options.json === true)
    })
}

/** Whoever has a whole key at hand may name it so; only its id goes on from here. */
const idOf = (name: string): string => parseIssuedKey(name)?.id ?? name

/** What a key may be given when it is made, and changed to afterwards. */
const withTerms = (command: Command): Command =>
  withLimits(withName(command))
    .option('--role <role>', 'client, operator or admin (default: client)')
    .option('--models <names>', 'models it may ask for, with * for any text; several with commas', listOf)
    .option('--routes <names>', 'routes it may use', listOf)
    .option('--providers <names>', 'providers it may use', listOf)
    .option('--accounts <names>', 'accounts it may use, as provider/account', listOf)
    .option('--expires <time>', 'a time such as 90d, or an instant such as 2027-01-31T12:00:00Z (default: never)')

const listOf = (text: string): string[] =>
  text
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '')

function termsOf({ name, role, models, routes, providers, accounts, expires, limits }: KeyOptions): JsonObject {
  const lists = Object.entries({ models, routes, providers, accounts }).filter(([, names]) => names !== undefined)
  return {
    name,
    role,
    limits,
    allowed: lists.length === 0 ? undefined : Object.fromEntries(lists),
    expires: expires === 'never' ? null : expires,
  }
}

/** The secret alone on stdout, so that it can be piped; everything about it on stderr. */
function tellSecret({ answer }: TenancyResult, context: CliContext): void {
  const { key, secret, invitation, new_owner: isNewOwner } = answer
  const view = (isObject(key) ? key : {}) as unknown as KeyView
  context.stdout(`${String(secret ?? invitation)}\n`)
  if (isNewOwner === true) context.stderr(`The owner ${view.owner} is new.\n`)
  const what = invitation === undefined ? 'Key' : 'Invitation to the key'
  context.stderr(`${what} ${view.id} of ${view.owner}. It is shown this once: only its hash is kept.\n`)
}

async function tellState({ told, answer }: TenancyResult, context: CliContext): Promise<void> {
  const { toldText } = await import('../../operations/tenancy/render-tenancy.ts')
  const { id, state } = answer['key'] as KeyView
  const changed = answer['changed'] === false ? 'It was so before.' : toldText({ ...told })
  context.stdout(`Key ${id} is ${state}. ${changed}\n`)
}
