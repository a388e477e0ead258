import type { Command } from 'commander'
import { InvalidArgumentError } from 'commander'
import { variable } from '../../config/env.ts'
import { dataDirectory } from '../../config/locate.ts'
import { GatewayError } from '../../errors/gateway-error.ts'
import type { ConfigChange } from '../../operations/provider/edit-providers.ts'
import type { KeyNaming, Preset } from '../../operations/provider/plan-provider.ts'
import type { CliContext } from '../cli-context.ts'
import type { Execute } from '../command.ts'
import { type CommonOptions, withConfig, withDataDir, withJson } from '../common-options.ts'
import { EXIT } from '../exit-codes.ts'
import { keptConfig } from '../kept-config.ts'
import { noteAtTerminal } from '../note-at-terminal.ts'
import { readSecret } from '../read-secret.ts'
import { requireConfig } from '../require-config.ts'
import { openVaultDesk } from '../vault-desk.ts'

interface ChangeOptions extends CommonOptions {
  readonly yes?: boolean
  readonly dryRun?: boolean
}

interface AddOptions extends ChangeOptions {
  readonly id?: string
  readonly baseUrl?: string
  readonly set?: Readonly<Record<string, string>>
  readonly apiKeyEnv?: string
  readonly vault?: string
  readonly keyFrom?: string
  /** False when `--no-key` was given. */
  readonly key: boolean
  readonly model?: string
  readonly route?: string
}

/** `switchback provider presets|add|list|remove`. */
export function defineProviderEdits(group: Command, execute: Execute): void {
  withJson(group.command('presets'))
    .summary('list the upstreams that are known by name')
    .description('Lists the upstreams that "provider add" knows by name: address, usual variable of the key, page of the models.')
    .action(async (_options: CommonOptions, command: { optsWithGlobals(): CommonOptions }) => {
      const options = command.optsWithGlobals()
      await execute((context) => presets(context, options), options.json === true)
    })
  withConfig(withJson(group.command('list')))
    .summary('list the providers of the configuration')
    .description('Lists the providers of the configuration, and which of their accounts have a key.')
    .action(async (_options: CommonOptions, command: { optsWithGlobals(): CommonOptions }) => {
      const options = command.optsWithGlobals()
      await execute((context) => list(context, options), options.json === true)
    })
  defineAdd(group, execute)
  withChange(group.command('remove'))
    .argument('<id>', "the provider's id")
    .summary('take a provider out of the configuration')
    .description('Takes a provider out of the configuration file, unless a route or combo still leads to it.')
    .action(async (id: string, _options: ChangeOptions, command: { optsWithGlobals(): ChangeOptions }) => {
      const options = command.optsWithGlobals()
      await execute((context) => remove(context, id, options), options.json === true)
    })
}

function defineAdd(group: Command, execute: Execute): void {
  withChange(group.command('add'))
    .argument('<preset>', 'a name of "provider presets", or the address of a server that speaks the Chat format')
    .option('--id <name>', 'name of the provider (default: that of the preset)')
    .option('--base-url <url>', 'another address')
    .option('--set <name=value>', 'what the preset asks for, such as region=us-east-1; may be given several times', collectPair)
    .option('--api-key-env <name>', 'variable that holds the key (default: the usual one)')
    .option('--vault <name>', 'take the key from the vault, by this name')
    .option('--key-from <file>', 'store the key in the vault first, from this file; - for stdin')
    .option('--no-key', 'the server wants no key')
    .option('--model <name>', 'model to try in diagnostics; with --route, the one the route leads to')
    .option('--route <name>', 'also serve --model under this name')
    .summary('add a provider to the configuration')
    .description(
      'Adds a provider to the configuration file and keeps everything else in it as it is, comments included. Shows the lines first; a gateway that runs with the file takes the change over.',
    )
    .action(async (preset: string, _options: AddOptions, command: { optsWithGlobals(): AddOptions }) => {
      const options = command.optsWithGlobals()
      await execute((context) => add(context, preset, options), options.json === true)
    })
}

const withChange = (command: Command): Command =>
  withDataDir(withConfig(withJson(command)))
    .option('--yes', 'do not ask')
    .option('--dry-run', 'show what would change, and change nothing')

/** Commander shows the message of this error. */
function collectPair(text: string, before: Readonly<Record<string, string>> = {}): Record<string, string> {
  const [, name, value] = /^(\w+)=(.+)$/.exec(text) ?? []
  if (name === undefined || value === undefined) throw new InvalidArgumentError('Expected name=value.')
  return { ...before, [name]: value }
}

async function presets(context: CliContext, options: CommonOptions): Promise<number> {
  const [{ describedPresets }, { renderPresets }] = await Promise.all([
    import('../../operations/provider/plan-provider.ts'),
    import('../../operations/provider/render-providers.ts'),
  ])
  const known = describedPresets()
  tell(context, options, { ok: true, presets: known }, () => renderPresets(known, context.surroundings.env))
  return EXIT.ok
}

async function list(context: CliContext, options: CommonOptions): Promise<number> {
  const [{ listProviders }, { renderProviders }, loaded] = await Promise.all([
    import('../../operations/provider/list-providers.ts'),
    import('../../operations/provider/render-providers.ts'),
    requireConfig(context, { path: options.config }),
  ])
  const providers = listProviders(loaded)
  tell(context, options, { ok: true, providers }, () => renderProviders(providers))
  return EXIT.ok
}

async function add(context: CliContext, name: string, options: AddOptions): Promise<number> {
  const [{ plannedEntry, wantedPreset }, { planAddition }] = await Promise.all([
    import('../../operations/provider/plan-provider.ts'),
    import('../../operations/provider/edit-providers.ts'),
  ])
  const preset = wantedPreset(name)
  const id = options.id ?? preset.id
  if (options.route !== undefined && options.model === undefined)
    throw new GatewayError('config_invalid', 'A route leads to a model: add --model with the name that the provider knows it by.')
  // Asked for before the key is: a mistake is told before anything is stored.
  plannedEntry(preset, { answers: options.set })
  const key = await keyOf(context, options, { preset, id })
  const planned = plannedEntry(preset, { id, baseUrl: options.baseUrl, answers: options.set, key })
  const entry = options.model === undefined ? planned : { ...planned, model_hint: options.model }
  const route =
    options.route === undefined || options.model === undefined ? undefined : { name: options.route, model: options.model }
  const change = await planAddition({ surroundings: context.surroundings, config: options.config }, { entry, route })
  return carryOut(context, options, { change, deed: 'provider.add', id })
}

async function remove(context: CliContext, id: string, options: ChangeOptions): Promise<number> {
  const { planRemoval } = await import('../../operations/provider/edit-providers.ts')
  const change = await planRemoval({ surroundings: context.surroundings, config: options.config }, id)
  return carryOut(context, options, { change, deed: 'provider.remove', id })
}

interface NewProvider {
  readonly preset: Preset
  readonly id: string
}

/** Where the key comes from: as the options say, else the variable, else the vault when somebody at the terminal types it. */
async function keyOf(context: CliContext, options: AddOptions, { preset, id }: NewProvider): Promise<KeyNaming | undefined> {
  if (!options.key) return { kind: 'none' }
  if (options.keyFrom !== undefined) {
    const name = options.vault ?? id
    if (options.dryRun !== true) await storeKey(context, options, { name, from: options.keyFrom })
    return { kind: 'vault', name }
  }
  if (options.vault !== undefined) return { kind: 'vault', name: options.vault }
  if (options.apiKeyEnv !== undefined) return { kind: 'variable', name: options.apiKeyEnv }
  const { terminal, surroundings } = context
  const { keyVariable } = preset
  const canAsk = terminal !== undefined && options.yes !== true && options.dryRun !== true
  if (keyVariable === undefined || variable(surroundings.env, keyVariable) !== undefined || !canAsk) return undefined
  const answer = await terminal.ask(`${keyVariable} is not set. Put the key into the vault now? [y/N] `)
  if (!isYes(answer)) return undefined
  await storeKey(context, options, { name: id })
  return { kind: 'vault', name: id }
}

interface StoredKey {
  readonly name: string
  readonly from?: string
}

async function storeKey(context: CliContext, options: CommonOptions, { name, from }: StoredKey): Promise<void> {
  const { desk } = await openVaultDesk(context, options)
  await desk.set(name, await readSecret(context, from, `Key for ${name} (not shown): `))
  await noteAtTerminal(context, options, { action: 'vault.set', subject: { kind: 'vault', id: name } })
  context.stderr(`switchback: The key is stored in ${desk.path} as ${name}.\n`)
}

const isYes = (answer: string): boolean => /^y(es)?$/i.test(answer)

interface Deed {
  readonly change: ConfigChange
  readonly deed: 'provider.add' | 'provider.remove'
  readonly id: string
}

async function carryOut(context: CliContext, options: ChangeOptions, { change, deed, id }: Deed): Promise<number> {
  const [{ makeChange }, { renderChange }] = await Promise.all([
    import('../../operations/provider/edit-providers.ts'),
    import('../../operations/provider/render-providers.ts'),
  ])
  const { path, isNew, diff, warnings } = change
  if (options.json !== true) context.stdout(`${renderChange(change)}\n`)
  for (const warning of warnings) context.stderr(`switchback: warning: ${warning}\n`)
  const written = options.dryRun !== true && (await agreed(context, options))
  if (written) {
    makeChange(change)
    await noteAtTerminal(context, options, { action: deed, subject: { kind: 'provider', id }, details: { file: path } })
  }
  if (options.json === true) context.stdout(`${JSON.stringify({ ok: true, path, id, written, diff, warnings })}\n`)
  else if (!written) context.stderr('switchback: Nothing was changed.\n')
  else context.stderr(`switchback: ${doneText(path, isNew, await published(context, options))}\n`)
  return written || options.dryRun === true ? EXIT.ok : EXIT.failed
}

async function agreed({ terminal }: CliContext, { yes }: ChangeOptions): Promise<boolean> {
  if (yes === true || terminal === undefined) return true
  return isYes(await terminal.ask('Write this? [y/N] '))
}

/** The revision that gateways serve by in the place of the file, if there is one. */
async function published(context: CliContext, options: CommonOptions): Promise<number | undefined> {
  const [{ publishedRevision }, config] = await Promise.all([
    import('../../operations/revisions/published-revision.ts'),
    keptConfig(context, options.config),
  ])
  const dataDir = dataDirectory(context.surroundings, options.dataDir)
  return config && publishedRevision({ config, dataDir, clock: context.clock })
}

function doneText(path: string, isNew: boolean, revision: number | undefined): string {
  if (revision !== undefined)
    return `${path} is ${isNew ? 'made' : 'changed'}. Gateways do not follow it: revision ${revision} is published for all of them. "switchback config publish" puts the file in its place.`
  return isNew
    ? `${path} is made. From now on a gateway started here serves what stands in it, and nothing from the environment alone.`
    : `${path} is changed. A gateway that runs with it takes the change over within a second or two.`
}

function tell(context: CliContext, options: CommonOptions, data: unknown, render: () => string): void {
  context.stdout(`${options.json === true ? JSON.stringify(data) : render()}\n`)
}
