import type { Command } from 'commander'
import type { CliContext } from '../cli-context.ts'
import type { CommandDefinition, Execute } from '../command.ts'
import { type CommonOptions, withConfig, withDataDir, withJson } from '../common-options.ts'
import { EXIT } from '../exit-codes.ts'
import { noteAtTerminal } from '../note-at-terminal.ts'
import { readSecret } from '../read-secret.ts'
import { openVaultDesk } from '../vault-desk.ts'

interface KeyFileOptions extends CommonOptions {
  readonly keyFile?: string
}

interface SetOptions extends CommonOptions {
  readonly from?: string
}

interface GetOptions extends CommonOptions {
  readonly reveal?: boolean
}

const NAME_HELP = 'what the configuration calls it, such as openai-main'

/** `switchback vault init|set|get|list|rm|rotate|keygen`. */
export const vaultCommand: CommandDefinition = {
  define(program, execute) {
    const group = program
      .command('vault')
      .summary('keep keys of providers in an encrypted file')
      .description(
        'Keeps keys of providers in an encrypted file (age), which accounts name by `vault`. Its key comes from SWITCHBACK_VAULT_KEY or the keychain of the operating system.',
      )
    defineKeys(group, execute)
    defineSecrets(group, execute)
  },
}

function defineKeys(group: Command, execute: Execute): void {
  withPlace(group.command('init'))
    .option('--key-file <file>', 'write the new key to this new file instead of the keychain')
    .summary('make a vault')
    .description('Makes an empty vault and its key. With SWITCHBACK_VAULT_KEY set, that is its key.')
    .action(action<KeyFileOptions>(execute, init))
  withPlace(group.command('rotate'))
    .option('--key-file <file>', 'write the new key to this new file instead of the keychain')
    .summary('give the vault another key')
    .description('Encrypts the vault with a new key. Until the new key is in its place both open the file.')
    .action(action<KeyFileOptions>(execute, rotate))
  withJson(group.command('keygen'))
    .option('--key-file <file>', 'write it to this new file instead of stdout')
    .summary('make a key, without a vault')
    .description('Makes a key as age-keygen does, for SWITCHBACK_VAULT_KEY of a machine without a keychain.')
    .action(action<KeyFileOptions>(execute, keygen))
}

function defineSecrets(group: Command, execute: Execute): void {
  withPlace(group.command('set'))
    .argument('<name>', NAME_HELP)
    .option('--from <file>', 'read the secret from a file; - for stdin (default: ask, or stdin when nobody can be asked)')
    .summary('store a secret')
    .description('Stores a secret, or another one in its place. A running gateway takes it over within seconds.')
    .action(namedAction<SetOptions>(execute, set))
  withPlace(group.command('get'))
    .argument('<name>', NAME_HELP)
    .option('--reveal', 'print the secret itself')
    .summary('tell whether there is a secret, or print it')
    .description('Tells whether the vault holds a secret; prints it with --reveal only. Ends with 1 when there is none.')
    .action(namedAction<GetOptions>(execute, get))
  withPlace(group.command('list'))
    .summary('list the names of all secrets')
    .description('Lists the names of all secrets, and whether the configuration uses them.')
    .action(action<CommonOptions>(execute, list))
  withPlace(group.command('rm'))
    .argument('<name>', NAME_HELP)
    .summary('take a secret out')
    .description('Takes a secret out of the vault. Configurations that name it are refused from then on.')
    .action(namedAction<CommonOptions>(execute, remove))
}

const withPlace = (command: Command): Command => withDataDir(withConfig(withJson(command)))

const action =
  <Options extends CommonOptions>(execute: Execute, run: (context: CliContext, options: Options) => Promise<number>) =>
  async (_options: Options, command: { optsWithGlobals(): Options }): Promise<void> => {
    const options = command.optsWithGlobals()
    await execute((context) => run(context, options), options.json === true)
  }

const namedAction =
  <Options extends CommonOptions>(
    execute: Execute,
    run: (context: CliContext, name: string, options: Options) => Promise<number>,
  ) =>
  async (name: string, _options: Options, command: { optsWithGlobals(): Options }): Promise<void> => {
    const options = command.optsWithGlobals()
    await execute((context) => run(context, name, options), options.json === true)
  }

async function init(context: CliContext, options: KeyFileOptions): Promise<number> {
  const [{ renderNewKey }, { desk }] = await Promise.all([
    import('../../operations/vault/render-vault.ts'),
    openVaultDesk(context, options),
  ])
  const made = await desk.init(options.keyFile)
  await note(context, options, 'vault.init', made.path)
  tell(context, options, { ok: true, ...made }, () => renderNewKey(made, 'made'))
  return EXIT.ok
}

async function rotate(context: CliContext, options: KeyFileOptions): Promise<number> {
  const [{ renderNewKey }, { desk }] = await Promise.all([
    import('../../operations/vault/render-vault.ts'),
    openVaultDesk(context, options),
  ])
  const made = await desk.rotate(options.keyFile)
  await note(context, options, 'vault.rotate', made.path)
  tell(context, options, { ok: true, ...made }, () => renderNewKey(made, 'rotated'))
  return EXIT.ok
}

async function keygen(context: CliContext, options: KeyFileOptions): Promise<number> {
  const [{ makeKeyPair }, { keyFileText, saveKeyFile }] = await Promise.all([
    import('../../operations/vault/vault-desk.ts'),
    import('../../operations/vault/key-file.ts'),
  ])
  const pair = await makeKeyPair()
  const { recipient } = pair
  const { keyFile } = options
  if (keyFile !== undefined) {
    saveKeyFile(keyFile, pair)
    tell(context, options, { ok: true, recipient, key: { kind: 'file', path: keyFile } }, () => `Public key: ${recipient}`)
  } else if (options.json === true) tell(context, options, { ok: true, recipient, identity: pair.identity.reveal() }, () => '')
  else context.stdout(keyFileText(pair))
  return EXIT.ok
}

async function set(context: CliContext, name: string, options: SetOptions): Promise<number> {
  const { desk, used } = await openVaultDesk(context, options)
  const text = await readSecret(context, options.from, `Secret for ${name} (not shown): `)
  const replaced = await desk.set(name, text)
  await note(context, options, 'vault.set', name)
  tell(context, options, { ok: true, path: desk.path, name, replaced }, () => {
    const known = used.includes(name)
      ? 'A running gateway takes it over within seconds.'
      : `Accounts and providers use it as \`api_key_vault: ${name}\`.`
    return `${name} is ${replaced ? 'replaced' : 'stored'} in ${desk.path}. ${known}`
  })
  return EXIT.ok
}

async function get(context: CliContext, name: string, options: GetOptions): Promise<number> {
  const { desk } = await openVaultDesk(context, options)
  const secret = await desk.get(name)
  if (options.reveal === true) await note(context, options, 'vault.reveal', name)
  const shown = options.reveal === true ? secret.reveal() : undefined
  tell(
    context,
    options,
    { ok: true, name, ...(shown === undefined ? {} : { secret: shown }) },
    () => shown ?? `The vault holds ${name}. Add --reveal to print it.`,
  )
  return EXIT.ok
}

async function list(context: CliContext, options: CommonOptions): Promise<number> {
  const [{ renderNames }, { desk, used }] = await Promise.all([
    import('../../operations/vault/render-vault.ts'),
    openVaultDesk(context, options),
  ])
  const names = await desk.list()
  const missing = used.filter((name) => !names.includes(name))
  const secrets = names.map((name) => ({ name, used: used.includes(name) }))
  tell(context, options, { ok: true, path: desk.path, secrets, missing }, () =>
    renderNames({ path: desk.path, secrets, missing }),
  )
  return EXIT.ok
}

async function remove(context: CliContext, name: string, options: CommonOptions): Promise<number> {
  const { desk, used } = await openVaultDesk(context, options)
  await desk.remove(name)
  await note(context, options, 'vault.rm', name)
  const isUsed = used.includes(name)
  tell(context, options, { ok: true, path: desk.path, name, used: isUsed }, () => `${name} is gone.`)
  if (isUsed)
    context.stderr(`switchback: warning: The configuration still names ${name}, so no gateway starts with it any more.\n`)
  return EXIT.ok
}

const note = (context: CliContext, options: CommonOptions, deed: string, id: string): Promise<void> =>
  noteAtTerminal(context, options, { action: deed, subject: { kind: 'vault', id } })

function tell(context: CliContext, options: CommonOptions, data: unknown, render: () => string): void {
  context.stdout(`${options.json === true ? JSON.stringify(data) : render()}\n`)
}
