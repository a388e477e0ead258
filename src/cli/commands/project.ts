import { groupCommand } from '../group-command.ts'

/** `switchback project create|list|show|change|disable|enable`. */
export const projectCommand = groupCommand({
  kind: 'project',
  phrase: 'a project',
  argument: 'tenant/project',
  about: 'A project is a part of a tenant that keys may belong to.',
})
