// chaffinch inspect

import { command, runs } from '../define/command.ts'
import { clientFile, identity, json } from '../define/options.ts'
import type { AnyCommand } from '../define/told.ts'

export function inspect(): AnyCommand {
  return command('inspect', {
    summary: 'say what a message, an address or a string of reply blocks is',
    says: 'Says what a message of the running client, an address or a string of reply blocks is.',
    usage: ['ID|ADDRESS|SURB [OPTIONS]'],
    examples: ['chaffinch inspect "$ADDRESS"'],
  })
    .argument('<WHAT>')
    .addOption(clientFile())
    .addOption(identity())
    .addOption(json())
    .action(runs(async () => (await import('../ask/inspect.ts')).run))
}
