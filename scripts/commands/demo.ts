// chaffinch demo

import { command, group, oneOf, runs } from '../define/command.ts'
import { json } from '../define/options.ts'
import type { AnyCommand } from '../define/told.ts'

const seed = ['--seed <N>', 'the same story again (default: drawn)'] as const
const load = async () => await import('../ask/demo.ts')

export function demo(): AnyCommand {
  return group(
    'demo',
    {
      summary: 'show an election that anybody can check, and how payments hide',
      says: `Shows what Chaffinch does: a whole election of processes on this machine, and two stories of payments on a
        virtual clock.`,
      examples: ['chaffinch demo election', 'chaffinch demo dcnet', 'chaffinch demo paymix --seed 7'],
    },
    [election(), dcnet(), paymix()],
  )
}

function election(): AnyCommand {
  return command('election', {
    summary: 'a whole election as processes on this machine: votes, kills, a mixer that cheats, audits',
    says: `Runs a whole election as processes on this machine (docs/guide/election.md): a Controller, three mixers of whom one
      cheats, three trustees of whom one stays away, voters of whom some vote twice and one tries to copy a ballot, and five
      auditors. The Controller, a mixer and a trustee are killed and started again. Prints what was claimed and whether it
      held; exits 1 unless all did. Without --once the processes stay up until Ctrl-C.`,
    examples: ['chaffinch demo election', 'chaffinch demo election --voters 200 --once --json'],
  })
    .option('--voters <N>', 'how many vote, 2 to 2000 (default: 50)')
    .option('--once', 'end when all claims are settled')
    .option('--dir <FOLDER>', 'a new folder for all files (default: a temporary one)')
    .addOption(json('print one JSON object'))
    .addOption(
      oneOf('--part <PART>', ['voters', 'cheat'], 'run this process alone, as the demonstration does'),
    )
    .action(runs(async () => (await import('../demo/election.ts')).run))
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
