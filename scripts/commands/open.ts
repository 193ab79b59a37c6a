// chaffinch open

import { command, runs } from '../define/command.ts'
import { role } from '../define/options.ts'
import type { AnyCommand } from '../define/told.ts'

export function open(): AnyCommand {
  return command('open', {
    summary: 'open the page of a running client, node, authority or member of a crowd in the browser',
    says: `Opens the page of a running role of this machine: a person's messages, contacts and payments at a client's, rates,
      refusals and alarms at the others. The address works once, and for a minute: it holds a code that the
      page changes for a key of its own, in that one tab.`,
    examples: ['chaffinch open --config me/client.toml', 'chaffinch open --config mix1/mix.toml --print'],
  })
    .option(
      '--config <FILE>',
      "the role's file (default: authority.toml, mix.toml, gateway.toml, member.toml or client.toml, here or in ~/.config/chaffinch)",
    )
    .addOption(role('whose file it is, where its name does not say so'))
    .option('--print', 'print the address and open nothing')
    .action(runs(async () => (await import('../ask/open.ts')).run))
}
