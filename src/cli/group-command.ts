import type { GroupKind } from '../operations/tenancy/group-edit.ts'
import type { TenancyResult } from '../operations/tenancy/tenancy-place.ts'
import type { GroupView } from '../operations/tenancy/tenancy-views.ts'
import type { CliContext } from './cli-context.ts'
import type { CommandDefinition } from './command.ts'
import { defineTenancy, withDrain, withLimits, withName, withPlace, withReason, type TenancyOptions } from './tenancy-commands.ts'

export interface GroupWords {
  readonly kind: GroupKind
  /** `a tenant`. */
  readonly phrase: string
  /** What a name looks like. */
  readonly argument: string
  readonly about: string
}

/** `switchback tenant|project|owner create|list|show|change|disable|enable`. */
export const groupCommand = ({ kind, phrase, argument, about }: GroupWords): CommandDefinition => ({
  define(program, execute) {
    const group = program.command(kind).summary(`make, list, change and disable ${kind}s`).description(about)
    const tell = tellGroup(kind)
    const create = withLimits(withName(withPlace(group.command('create'))))
      .argument('<id>', argument)
      .summary(`make ${phrase}`)
    if (kind === 'owner') create.option('--tenant <id>', 'tenant that all its keys belong to')
    defineTenancy<TenancyOptions>(create, execute, {
      order: (id, { name, limits, tenant }) => ({
        kind,
        action: 'create',
        body: { ...idOf(kind, id), tenant: tenant ?? tenantIn(kind, id), name, limits },
      }),
      tell,
    })
    const list = withPlace(group.command('list')).option('--tenant <id>', 'of this tenant only').summary(`list ${kind}s`)
    defineTenancy<TenancyOptions>(list, execute, {
      order: (_name, { tenant }) => ({ kind, action: 'list', filter: { tenant } }),
      async tell({ answer }, context) {
        const { renderGroups } = await import('../operations/tenancy/render-tenancy.ts')
        context.stdout(`${renderGroups(answer[`${kind}s`] as GroupView[])}\n`)
      },
    })
    const show = withPlace(group.command('show')).argument('<id>', argument).summary(`show ${phrase}`)
    defineTenancy<TenancyOptions>(show, execute, { order: (id) => ({ kind, action: 'show', id }), tell })
    const change = withLimits(withName(withPlace(group.command('change'))))
      .argument('<id>', argument)
      .summary(`give ${phrase} another name or other limits`)
    defineTenancy<TenancyOptions>(change, execute, {
      order: (id, { name, limits }) => ({ kind, action: 'change', id, body: { name, limits } }),
      tell,
    })
    const disable = withDrain(withReason(withPlace(group.command('disable'))))
      .argument('<id>', argument)
      .summary(`take ${phrase} and all its keys out of use`)
    defineTenancy<TenancyOptions>(disable, execute, {
      order: (id, { reason, drain }) => ({ kind, action: 'disable', id, body: { reason, drain } }),
      tell,
    })
    const enable = withReason(withPlace(group.command('enable')))
      .argument('<id>', argument)
      .summary(`put ${phrase} back into use`)
    defineTenancy<TenancyOptions>(enable, execute, {
      order: (id, { reason }) => ({ kind, action: 'enable', id, body: { reason } }),
      tell,
    })
  },
})

/** A project is typed as `tenant/project`, and made of both parts. */
const idOf = (kind: GroupKind, id: string): { readonly id: string } => ({
  id: kind === 'project' ? id.slice(id.indexOf('/') + 1) : id,
})

const tenantIn = (kind: GroupKind, id: string): string | undefined =>
  kind === 'project' && id.includes('/') ? id.slice(0, id.indexOf('/')) : undefined

const tellGroup =
  (kind: GroupKind) =>
  async ({ told, answer }: TenancyResult, context: CliContext): Promise<void> => {
    const { renderGroups, toldText } = await import('../operations/tenancy/render-tenancy.ts')
    context.stdout(`${renderGroups([answer[kind] as GroupView])}\n`)
    if (answer['changed'] !== undefined)
      context.stderr(`${answer['changed'] === false ? 'It was so before.' : toldText({ ...told })}\n`)
  }
