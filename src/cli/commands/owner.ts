import { groupCommand } from '../group-command.ts'

/** `switchback owner create|list|show|change|disable|enable`. */
export const ownerCommand = groupCommand({
  kind: 'owner',
  phrase: 'an owner',
  argument: 'name of the owner, such as an e-mail address',
  about: 'An owner is a person or a team that keys are issued to. "key create" makes one that is new.',
})
