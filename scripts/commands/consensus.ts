// chaffinch consensus

import { command, group, runs } from '../define/command.ts'
import { json, networkFile } from '../define/options.ts'
import type { AnyCommand } from '../define/told.ts'

const epoch = ['--epoch <N>', 'the document of that epoch (default: the newest)'] as const
const jsonLine = 'print one line of JSON'
const load = async () => await import('../ask/consensus.ts')

export function consensus(): AnyCommand {
  return group(
    'consensus',
    {
      summary: 'show, verify and compare what the authorities of a network signed',
      says: "Fetches what a network's authorities have signed, and checks it: signatures, name, epoch, time.",
      examples: [
        'chaffinch consensus --network network.toml',
        'chaffinch consensus show --save today.consensus',
        'chaffinch consensus verify today.consensus',
        'chaffinch consensus history --epochs 20',
        'chaffinch consensus diff --from 41 --epoch 43 --json',
        'chaffinch consensus paths --adversary 10',
      ],
    },
    [show(), verify(), history(), diff(), evidence(), paths()],
    'show',
  )
}

function show(): AnyCommand {
  return command('show', {
    summary: 'one consensus: who signed it, and its nodes; without an action it does this',
    examples: ['chaffinch consensus show --save today.consensus'],
  })
    .addOption(networkFile())
    .option(...epoch)
    .option('--save <FILE>', 'keep the signed document in a new file')
    .addOption(json(jsonLine))
    .action(runs(async () => (await load()).show))
}

function verify(): AnyCommand {
  return command('verify', {
    summary: 'every step of checking one, of an authority or in a file',
    says: `Says every step of checking a document, of an authority or in a file, and whether it stands in the log of the
      newest (of a file with --log); exits 1 unless all hold.`,
    examples: ['chaffinch consensus verify today.consensus'],
  })
    .argument('[FILE]')
    .addOption(networkFile())
    .option(...epoch)
    .option('--log', 'of a FILE: ask the authorities whether it stands in their log')
    .addOption(json(jsonLine))
    .action(runs(async () => (await load()).verify))
}

function history(): AnyCommand {
  return command('history', {
    summary:
      "documents one after another: whether each names the one before, and the authorities' logs are one",
    says: `Shows documents one after another, whether each names the one before it, and whether the authorities' logs are
      one; exits 1 unless they are.`,
    examples: ['chaffinch consensus history --epochs 20'],
  })
    .addOption(networkFile())
    .option(...epoch)
    .option('--epochs <N>', 'how many epochs back (default: 6, at most 72)')
    .addOption(json(jsonLine))
    .action(runs(async () => (await load()).history))
}

function diff(): AnyCommand {
  return command('diff', {
    summary: 'what changed between two',
    examples: ['chaffinch consensus diff --from 41 --epoch 43 --json'],
  })
    .addOption(networkFile())
    .option(...epoch)
    .option('--from <N>', 'the epoch to compare with (default: the one before)')
    .addOption(json(jsonLine))
    .action(runs(async () => (await load()).diff))
}

function evidence(): AnyCommand {
  return command('evidence', {
    summary: 'proofs that an authority signed two things where there may be one',
  })
    .addOption(networkFile())
    .addOption(json(jsonLine))
    .action(runs(async () => (await load()).evidence))
}

function paths(): AnyCommand {
  return command('paths', {
    summary: 'the share of all paths that nodes of one hand own',
    says: `Says of which share of all paths K nodes of one hand are all mixes, or both gateways: of the K that own most, and
      expected of K at random.`,
    examples: ['chaffinch consensus paths --adversary 10'],
  })
    .addOption(networkFile())
    .option(...epoch)
    .option('--adversary <K>', 'nodes of one hand (default: 1)')
    .addOption(json(jsonLine))
    .action(runs(async () => (await load()).paths))
}
