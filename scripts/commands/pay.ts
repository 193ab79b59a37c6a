// chaffinch pay

import { command, group, oneOf, runs } from '../define/command.ts'
import { clientFile, json } from '../define/options.ts'
import type { AnyCommand } from '../define/told.ts'
import { bitcoinActions, withCoins, withFee, withNode } from './pay-bitcoin.ts'

/** Does an action of `pay`, on the ledger that the client's file or `--ledger` says. */
const act = (action: string) => runs(async () => (await import('../ask/pay.ts')).paying(action))

export function pay(): AnyCommand {
  return group(
    'pay',
    {
      summary: 'pay and be paid so that nobody sees who paid whom',
      says: `Payments in pieces, through rounds that no coordinator runs (docs/spec/payments-paymix.md 5). The ledger's
        genesis and address stand on two lines of 'payments.ledger' in the client's folder; keys and payments lie there
        too, under seal. It asks the running client, which goes on by itself; where none runs, it runs one for as long as
        the command takes.

        On Bitcoin, with --ledger bitcoin or as client.toml says, it asks a node of one's own (Bitcoin Core with txindex=1),
        which is looked at first (docs/guide/bitcoin.md).`,
      examples: [
        'chaffinch pay request 80 --memo tea',
        'chaffinch pay send "$REQUEST" --colluding 3',
        'chaffinch pay send "$REQUEST" --yes',
        `echo '{"inputs":[["a",10],["b",10]],"outputs":[["A",8],["B",2],["C",3],["D",7]]}' > case.json`,
        'chaffinch pay boltzmann case.json',
      ],
    },
    [
      address(),
      request(),
      send(),
      mix(),
      finish(),
      status(),
      history(),
      backup(),
      restore(),
      boltzmann(),
      ...bitcoinActions(act),
    ],
  )
}

const peers = ['--peers <N>', 'peers that are expected at a meeting (default: 8)'] as const
const colluding = [
  '--colluding <C>',
  'say how well it hides if up to C of them tell each other everything (default: 2)',
] as const
const deadline = ['--deadline <TIME>', 'what is not mixed by then is not paid (default: 1d)'] as const
const memo = ['--memo <TEXT>', 'what it is for'] as const
const least = ['--least <N>', 'neither join nor pay among fewer than N (3 to 64)'] as const
const yes = [
  '--yes',
  'sign. Without it, say what the payment costs, how long it takes and how well it hides, and sign nothing',
] as const

function address(): AnyCommand {
  return withNode(
    command('address', {
      summary: "the client's address, and a fresh key to be paid to; on Bitcoin a fresh address",
      examples: ['chaffinch pay address'],
    })
      .addOption(clientFile())
      .addOption(json())
      .addOption(
        oneOf(
          '--kind <KIND>',
          ['p2wpkh', 'p2tr', 'p2sh-p2wpkh'],
          'of script: p2wpkh (default), p2tr or p2sh-p2wpkh',
        ).helpGroup('on Bitcoin:'),
      )
      .action(act('address')),
  )
}

function request(): AnyCommand {
  return withNode(
    command('request', {
      summary: 'print a request to be paid, with a fresh key for every piece',
      examples: ['chaffinch pay request 80 --memo tea'],
    })
      .argument('<AMOUNT>')
      .option(...memo)
      .option('--deadline <TIME>', 'until when it can be paid (default: 1d)')
      .addOption(clientFile())
      .addOption(json())
      .action(act('request')),
  )
}

function send(): AnyCommand {
  return withNode(
    withFee(
      withCoins(
        command('send', {
          summary: 'pay a request, and say what it waits for until the last piece is paid',
          usage: ['REQUEST [OPTIONS]', '--ledger bitcoin ADDRESS SATOSHI [OPTIONS]'],
          examples: ['chaffinch pay send "$REQUEST" --colluding 3', 'chaffinch pay send "$REQUEST" --yes'],
        })
          .argument('<REQUEST>')
          .argument('[SATOSHI]')
          .option(...yes)
          .option(...peers)
          .option(...colluding)
          .option(...least)
          .addOption(clientFile())
          .addOption(json())
          .action(act('send')),
      ),
    ),
  )
}

function mix(): AnyCommand {
  return withNode(
    withCoins(
      command('mix', {
        summary: 'the same to oneself: the notes come back mixed',
        says: `Pays an amount to oneself, so that its notes come back mixed. With --target they are joined again and again, in
          the background, until each hides among so many; without an amount, all that can be spent.`,
        usage: ['AMOUNT [OPTIONS]', '[AMOUNT] --target N [OPTIONS]'],
        examples: [
          'chaffinch pay mix 80',
          'chaffinch pay mix 80 --yes',
          'chaffinch pay mix --target 40 --yes',
        ],
      })
        .argument('[AMOUNT]')
        .option(...yes)
        .option(...peers)
        .option(...colluding)
        .option(...least)
        .option('--target <N>', 'join its notes again until each hides among N; --deadline is 30d then')
        .option(...memo)
        .option(...deadline)
        .addOption(clientFile())
        .addOption(json())
        .action(act('mix')),
    ),
  )
}

function finish(): AnyCommand {
  return command('finish', {
    summary: 'pay the pieces of a payment that were kept after all, with --deadline from now',
  })
    .argument('<PAYMENT>')
    .option(...deadline)
    .addOption(clientFile())
    .addOption(json())
    .action(act('finish'))
}

function status(): AnyCommand {
  return withNode(
    command('status', {
      summary: 'what can be spent, and what is open: payments and requests, and what each waits for',
      says: `Shows what can be spent, and the payments and requests that are open, with what each waits for. On Bitcoin, the
        coins: amount, name (txid:vout), depth, joins left, label.`,
      examples: ['chaffinch pay status --wait'],
    })
      .option('--wait', 'stay until all that is open is over')
      .addOption(clientFile())
      .addOption(json())
      .action(act('status')),
  )
}

function history(): AnyCommand {
  return command('history', {
    summary: 'payments and requests that are over, and why what was not paid was not',
  })
    .option('--wait', 'stay until all of them are over')
    .addOption(clientFile())
    .addOption(json())
    .action(act('history'))
}

function backup(): AnyCommand {
  return command('backup', {
    summary: 'show 24 words that restore every key, and have them typed back',
    says: `Shows 24 words on this terminal and has them typed back: they restore every key, also those that are made later.
      --export writes, sealed, the keys from before there were words: the client must not run.`,
    examples: ['chaffinch pay backup'],
  })
    .option('--export <FILE>', 'write the keys from before there were words')
    .addOption(clientFile())
    .action(act('backup'))
}

function restore(): AnyCommand {
  return command('restore', {
    summary: 'ask for the words, or read them from standard input, and look for their notes',
    says: `Asks for the words, or reads them from standard input; looks for their notes when payments are opened next.`,
    examples: ['chaffinch pay restore --config new/client.toml'],
  })
    .option('--gap <N>', 'so many keys in a row that nobody paid end the search (default: 1000)')
    .option('--import <FILE>', 'what backup --export wrote')
    .addOption(clientFile())
    .action(act('restore'))
}

function boltzmann(): AnyCommand {
  return command('boltzmann', {
    summary: 'count in how many ways a join can be taken apart',
    says: `Counts in how many ways a join can be taken apart: interpretations, entropy in bits, and for each output and input
      in how many of them the two belong together.`,
    examples: [
      `echo '{"inputs":[["a",10],["b",10]],"outputs":[["A",8],["B",2],["C",3],["D",7]]}' > case.json`,
      'chaffinch pay boltzmann case.json',
    ],
  })
    .argument('<FILE>')
    .addOption(json('print {"interpretations":"…","entropyBits":…,"links":[[…]]}, a row an output'))
    .action(act('boltzmann'))
}
