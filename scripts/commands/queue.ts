// chaffinch queue, flush and clean: what a running client was given to send, and what came of it.

import { command, oneOf, runs } from '../define/command.ts'
import { clientFile, identity, json } from '../define/options.ts'
import type { AnyCommand } from '../define/told.ts'

export function queue(): AnyCommand {
  return command('queue', {
    summary: 'list what a running client was given to send',
    says: 'Lists the messages and replies that the running client of --config was given and that are not over.',
    examples: ['chaffinch queue --all'],
  })
    .addOption(clientFile())
    .addOption(identity())
    .option('--all', 'those that are over too')
    .addOption(json('print JSON, one message a line'))
    .action(runs(async () => (await import('../ask/queue.ts')).run))
}

export function flush(): AnyCommand {
  return command('flush', {
    summary: 'wait until what was given has left or arrived',
    says: `Waits until all that the running client was given is with the receivers' gateways. Nothing leaves sooner for it:
      when a packet leaves is the clock's to say. Exits 1 when some of it is not there in time.`,
    examples: ['chaffinch flush --until sent --timeout 5min'],
  })
    .addOption(clientFile())
    .addOption(identity())
    .addOption(
      oneOf('--until <STATE>', ['sent', 'stored'], 'sent (has left once) or stored (default: stored)'),
    )
    .option('--timeout <TIME>', 'how long to wait (default: 60s)')
    .addOption(json('print {"left": N}'))
    .action(runs(async () => (await import('../ask/flush.ts')).run))
}

export function clean(): AnyCommand {
  return command('clean', {
    summary: 'have a running client forget what is over',
    says: 'Has the running client forget messages that are over, and received ones that were read.',
    examples: ['chaffinch clean --older 30d'],
  })
    .addOption(clientFile())
    .addOption(identity())
    .option('--older <TIME>', 'only those from before so long ago (default: 7d)')
    .addOption(json('print {"sent": N, "received": N}'))
    .action(runs(async () => (await import('../ask/clean.ts')).run))
}
