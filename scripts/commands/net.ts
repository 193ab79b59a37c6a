// chaffinch net

import { command, oneOf, runs } from '../define/command.ts'
import { cover, json } from '../define/options.ts'
import type { AnyCommand } from '../define/told.ts'

export function net(): AnyCommand {
  return command('net', {
    summary: 'start a whole network of processes on this machine and check its claims',
    says: `Starts authorities, mixes, gateways and clients as processes of their own, sends messages through them, kills
      some of them, and checks that nothing was lost. In a terminal it shows a live table and stays until Ctrl-C.`,
    examples: [
      'chaffinch net',
      'chaffinch net --once --json',
      'chaffinch net --mixes 9 --clients 10 --messages 50 --kill mix,gateway,authority',
      'chaffinch net --payments 8 --once --json',
      'chaffinch net --preset netmix',
      'chaffinch net --preset crowds --once --json',
      'chaffinch net --preset rounds --once --json',
    ],
  })
    .option('--authorities <N>', 'how many authorities (default: 3)')
    .option('--mixes <N>', 'how many mixes, in three layers (default: 6)')
    .option('--gateways <N>', 'how many gateways (default: 2)')
    .option(
      '--clients <N>',
      'how many clients; those with even numbers send, the odd ones receive and reply (default: 6)',
    )
    .option('--messages <N>', 'how many messages are sent in all (default: 12)')
    .option(
      '--payments <N>',
      'N persons meet at the end: one pays another, the others mix, in one round, on a ledger at one more client (default: none; at least 3)',
    )
    .addOption(
      oneOf(
        '--ledger <NAME>',
        ['embedded', 'bitcoin'],
        'embedded, or bitcoin: a node on regtest, installed with npm ci in test/bitcoin-node (default: embedded)',
      ),
    )
    .option(
      '--kill <KINDS>',
      `what loses a process to SIGKILL in the middle: mix, gateway, authority, or none (default: mix,gateway); a mix stays dead, the others start again after 3 s; authorities: all of them, for good, and the run waits until everybody says so`,
    )
    .option(
      '--epoch <TIME>',
      'length of an epoch (default: 30s, from 13 clients on 2.5s a client; longer where the machine is too slow or too busy, which is measured and said)',
    )
    .option('--delay <TIME>', 'mean delay at a hop (default: 50ms)')
    .addOption(cover('how much the clients send when nobody writes: off, low, default or high'))
    .option('--seed <N>', 'seed of the choices made here: who writes to whom, who is killed (default: drawn)')
    .option('--dir <PATH>', 'where the files are kept (default: a temporary folder, removed at the end)')
    .addOption(
      oneOf(
        '--preset <NAME>',
        ['netmix', 'crowds', 'rounds'],
        'netmix: three sources, a cascade of three mixes, three destinations, and at the end their ledgers beside that of an observer who sees every link; crowds: ten members who ask through each other, of whom four write down what they see; rounds: a cascade of three mixes in which every client sends one packet in every round, which an observer of the links counts',
      ),
    )
    .option('--once', 'end when the claims are settled, also in a terminal')
    .option('--page', 'serve its page also without a terminal, and print the address of it first')
    .option('--stay', 'stay up after that, also without a terminal')
    .addOption(json('print one JSON object as the last line of standard output'))
    .action(runs(async () => (await import('../network/net.ts')).run))
}
