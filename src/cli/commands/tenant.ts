import { groupCommand } from '../group-command.ts'

/** `switchback tenant create|list|show|change|disable|enable`. */
export const tenantCommand = groupCommand({
  kind: 'tenant',
  phrase: 'a tenant',
  argument: 'name of the tenant',
  about: 'A tenant holds projects and keys: a customer, a department. Keys may belong to one.',
})
