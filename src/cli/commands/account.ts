import type { CliContext } from '../cli-context.ts'
import type { CommandDefinition } from '../command.ts'
import type { CommonOptions } from '../common-options.ts'
import { EXIT } from '../exit-codes.ts'
import { operatorGateway } from '../operator-gateway.ts'
import { readSecret } from '../read-secret.ts'
import { defineSwitch, defineSwitches, withSwitchOptions } from '../switch-commands.ts'

const NAME_HELP = 'provider/account'

interface RotateOptions extends CommonOptions {
  readonly from?: string
  readonly model?: string
  /** False with `--no-check`. */
  readonly check: boolean
}

/** `switchback account disable|enable|reset|rotate`. */
export const accountCommand: CommandDefinition = {
  define(program, execute) {
    const group = program
      .command('account')
      .summary('take an account out of use, put it back, release its locks, replace its key')
      .description('Takes an account of a provider out of use, puts it back, releases its locks, or gives it another key.')
    defineSwitches(group, execute, { scope: 'account', argument: NAME_HELP })
    const reset = withSwitchOptions(group.command('reset'))
      .argument('<name>', NAME_HELP)
      .summary('release the locks of an account')
      .description(
        'Releases the locks that failures have put on an account, and limits it was told, such as after its purse was filled.',
      )
    defineSwitch(reset, execute, { action: 'reset', scope: 'account' })
    withSwitchOptions(group.command('rotate'))
      .argument('<name>', NAME_HELP)
      .option('--from <file>', 'read the new key from a file, or from stdin with - (default: it is asked for)')
      .option('--model <model>', 'model to try the key with (default: the first that the configuration names)')
      .option('--no-check', 'use the key without trying it first')
      .summary('give an account another key while the gateway runs')
      .description(
        'Tries a new key with one short call, has the running gateway use it from then on, keeps it where the account has its key from, and releases the locks of the account. What runs with the old key goes on.',
      )
      .action(async (name: string, _options: RotateOptions, self: { optsWithGlobals(): RotateOptions }) => {
        const options = self.optsWithGlobals()
        await execute((context) => rotate(context, name, options), options.json === true)
      })
  },
}

async function rotate(context: CliContext, name: string, options: RotateOptions): Promise<number> {
  const [{ renderRotated, rotateRemotely }, { GatewayError }, { Secret }] = await Promise.all([
    import('../../operations/rotate-remotely.ts'),
    import('../../errors/gateway-error.ts'),
    import('../../lib/secret.ts'),
  ])
  const gateway = await operatorGateway(context, options)
  if (gateway === undefined)
    throw new GatewayError(
      'upstream_connect_failed',
      'No gateway runs here that could try the key. Start one, name it with --url, or put the key where the configuration has it from.',
    )
  const secret = new Secret((await readSecret(context, options.from, `New key of ${name}: `)).trim())
  const rotated = await rotateRemotely(gateway, { name, secret, check: options.check, model: options.model })
  context.stdout(options.json === true ? `${JSON.stringify({ ok: true, ...rotated })}\n` : `${renderRotated(rotated)}\n`)
  return EXIT.ok
}
