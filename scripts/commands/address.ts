// chaffinch address

import { command, runs } from '../define/command.ts'
import { clientFile, identity, json } from '../define/options.ts'
import type { AnyCommand } from '../define/told.ts'

export function address(): AnyCommand {
  return command('address', {
    summary: 'print the address of a running client',
    says: 'Prints the address of a running client: the one string that others need to write to it.',
    examples: ['ADDRESS=$(chaffinch address --config me/client.toml --wait 30s)', 'chaffinch address --qr'],
  })
    .addOption(clientFile())
    .addOption(identity('of one of its identities'))
    .option('--wait <TIME>', 'wait so long until the client has one')
    .option('--qr', 'show it as a QR code too')
    .addOption(json('print {"address": ADDRESS}'))
    .action(runs(async () => (await import('../ask/address.ts')).run))
}
