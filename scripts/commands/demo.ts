// chaffinch demo

import { command, group, runs } from '../define/command.ts'
import { json } from '../define/options.ts'
import type { AnyCommand } from '../define/told.ts'

const seed = ['--seed <N>', 'the same story again (default: drawn)'] as const
const load = async () => await import('../ask/demo.ts')

export function demo(): AnyCommand {
  return group(
    'demo',
    {
      summary: 'show how payments hide: dining cryptographers, payments in pieces',
      says: 'Runs a story on a virtual clock and prints it.',
      examples: ['chaffinch demo dcnet', 'chaffinch demo paymix --seed 7'],
    },
    [dcnet(), paymix()],
  )
}

function dcnet(): AnyCommand {
  return command('dcnet', {
    summary: 'the dining cryptographers, from one bit to the slots of a payment round',
    says: `Shows the dining cryptographers, from one bit to the slots of a payment round (docs/spec/payments-net.md 2.6).`,
    examples: ['chaffinch demo dcnet'],
  })
    .option(...seed)
    .action(runs(async () => (await load()).dcnet))
}

function paymix(): AnyCommand {
  return command('paymix', {
    summary: 'three senders pay three receivers, and how well an observer guesses who paid',
    says: `Three senders pay three receivers through Mixer:In and Mixer:Out: the public ledger beside the senders' own
      temporal ledgers, and how well an observer guesses who paid (docs/spec/payments-paymix.md 5).`,
    examples: ['chaffinch demo paymix --seed 7'],
  })
    .option(...seed)
    .addOption(json('print one JSON object'))
    .action(runs(async () => (await load()).paymix))
}
