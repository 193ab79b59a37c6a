// chaffinch cover

import { command, runs } from '../define/command.ts'
import { json } from '../define/options.ts'
import type { AnyCommand } from '../define/told.ts'

export function cover(): AnyCommand {
  return command('cover', {
    summary: 'show what each level of cover traffic costs and hides',
    says: `Shows what each level of cover traffic costs a client in bytes a day and CPU of this machine, and what it hides.
      With a running client the numbers are those of its network, else those of a network that votes for nothing else.`,
    examples: ['chaffinch cover --config me/client.toml'],
  })
    .option(
      '--config <FILE>',
      "the client's file (default: client.toml, here or in ~/.config/chaffinch, if there is one)",
    )
    .addOption(json())
    .action(runs(async () => (await import('../ask/cover.ts')).run))
}
