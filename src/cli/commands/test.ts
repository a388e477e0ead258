import { dataDirectory } from '../../config/locate.ts'
import { GatewayError } from '../../errors/gateway-error.ts'
import type { CliContext } from '../cli-context.ts'
import type { CommandDefinition } from '../command.ts'
import { type CommonOptions, withConfig, withDataDir, withJson } from '../common-options.ts'
import { EXIT } from '../exit-codes.ts'
import { requireConfig } from '../require-config.ts'

/** `switchback test policies.yaml`. */
export const testCommand: CommandDefinition = {
  define(program, execute) {
    withDataDir(withConfig(withJson(program.command('test'))))
      .argument('<file>', 'policy tests (YAML or JSON); - for stdin')
      .summary('test where requests would go')
      .description(
        'Runs policy tests: requests and the decisions they must get under the configuration. Nobody is called, and no key is needed.',
      )
      .action(async (file: string, _options: CommonOptions, command: { optsWithGlobals(): CommonOptions }) => {
        const options = command.optsWithGlobals()
        await execute((context) => run(context, file, options), options.json === true)
      })
  },
}

async function run(context: CliContext, file: string, options: CommonOptions): Promise<number> {
  const [{ parsePolicyFile }, { runPolicyTests }, { renderPolicyReport }, { loadDecisionWorld }] = await Promise.all([
    import('../../operations/policy-file.ts'),
    import('../../operations/run-policy-tests.ts'),
    import('../../operations/render-policy.ts'),
    import('../../operations/decision-world.ts'),
  ])
  const text = await context.readText(file).catch((cause: unknown) => {
    throw new GatewayError('config_invalid', `The policy tests ${file} cannot be read. Check the path.`, { cause })
  })
  const policies = parsePolicyFile(text, file === '-' ? 'stdin' : file)
  const { compiled } = await requireConfig(context, { path: options.config })
  const dataDir = dataDirectory(context.surroundings, options.dataDir)
  const { snapshot, factsOf } = await loadDecisionWorld({
    config: compiled,
    dataDir,
    clock: context.clock,
    at: context.clock.wall(),
  })
  const report = runPolicyTests(snapshot, policies, { factsOf })
  context.stdout(`${options.json === true ? JSON.stringify(report) : renderPolicyReport(report)}\n`)
  return report.ok ? EXIT.ok : EXIT.failed
}
