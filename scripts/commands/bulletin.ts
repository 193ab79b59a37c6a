// chaffinch bulletin

import { command, runs } from '../define/command.ts'
import { clientFile, json } from '../define/options.ts'
import type { AnyCommand } from '../define/told.ts'

export function bulletin(): AnyCommand {
  return command('bulletin', {
    summary: 'read what everybody can read, or publish without a name',
    says: `Shows the bulletin as the running client of --config has it, or publishes on it. Everybody can read what is
      published, and nobody learns who wrote it. Topics: open (the default), payments, heads.`,
    usage: ['[TOPIC] [OPTIONS]', '[TOPIC] --publish TEXT'],
    examples: [
      "chaffinch bulletin --config me/client.toml --publish 'the sea is calm'",
      'chaffinch bulletin --wait 30s --json',
    ],
  })
    .argument('[TOPIC]')
    .addOption(clientFile())
    .option(
      '--publish <TEXT>',
      "publish; '-' reads standard input. Returns when the client's gateway shows it, and prints its id",
    )
    .option('--after <N>', 'only what came behind entry N')
    .option('--wait <TIME>', 'when there is nothing, wait so long for a first entry')
    .addOption(json('print JSON, one entry a line'))
    .action(runs(async () => (await import('../ask/bulletin.ts')).run))
}
