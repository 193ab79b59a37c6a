// chaffinch ledger

import { command, group, many, runs } from '../define/command.ts'
import { clientFile, json } from '../define/options.ts'
import type { AnyCommand } from '../define/told.ts'

const load = async () => await import('../roles/ledger.ts')
const port = ['--port <N>', 'answer over HTTP too, on this port of 127.0.0.1 (0: a free one)'] as const
const genesis = ['--genesis <HEX>', "the ledger's genesis, as 'init' prints it"] as const
const url = ['--url <URL>', 'where a ledger or a mirror answers over HTTP'] as const

export function ledger(): AnyCommand {
  return group(
    'ledger',
    {
      summary: 'run a ledger that peers reach through the mixnet',
      says: `An embedded ledger (docs/spec/payments-ledger.md 3): one log, one key, and proofs by which everybody can check
        it.`,
      examples: [
        'chaffinch ledger init bank --name demo',
        'chaffinch ledger run bank --config me/client.toml',
        'chaffinch ledger verify bank',
        'chaffinch ledger mirror copy --genesis "$GENESIS" --at "$ADDRESS" --config me/client.toml',
        'chaffinch ledger verify --url http://127.0.0.1:8080 --genesis "$GENESIS"',
      ],
    },
    [init(), run(), mirror(), status(), mint(), verify()],
  )
}

function init(): AnyCommand {
  return command('init', {
    summary:
      "write the ledger's key, the mint's key and the genesis, and print the genesis: what clients pin",
    examples: ['chaffinch ledger init bank --name demo'],
  })
    .argument('<DIR>')
    .option('--name <NAME>', 'its name (default: chaffinch)')
    .action(runs(async () => (await load()).init))
}

function run(): AnyCommand {
  return command('run', {
    summary: 'answer peers at the address of a running client until SIGTERM or Ctrl-C',
    says: `Answers peers at the address of the running client of --config until SIGTERM or Ctrl-C, and tells its signed heads
      to all, so that they can compare what they were shown.`,
    examples: ['chaffinch ledger run bank --config me/client.toml'],
  })
    .argument('<DIR>')
    .addOption(clientFile())
    .option(...port)
    .option('--status-port <N>', '/status, /metrics and /healthz on 127.0.0.1 (default: any free port)')
    .action(runs(async () => (await load()).run))
}

function mirror(): AnyCommand {
  return command('mirror', {
    summary: 'read and check the log of a ledger that somebody else keeps, and answer for it',
    says: `Reads the log of a ledger that somebody else keeps, checks every entry, and answers for it at the address of the
      running client of --config, and on --port.`,
    usage: ['DIR --genesis HEX --at ADDRESS [OPTIONS]', 'DIR --genesis HEX --url URL [OPTIONS]'],
    examples: ['chaffinch ledger mirror copy --genesis "$GENESIS" --at "$ADDRESS" --config me/client.toml'],
  })
    .argument('<DIR>')
    .option(...genesis)
    .option(
      '--at <ADDRESS>',
      "the ledger's address, or that of another mirror; the running client of --config asks",
    )
    .option(...url)
    .addOption(clientFile())
    .option(...port)
    .action(runs(async () => (await load()).mirror))
}

function status(): AnyCommand {
  return command('status', {
    summary: 'say how a running ledger of this machine is',
    examples: ['chaffinch ledger status bank'],
  })
    .argument('<DIR>')
    .addOption(json('print all of its /status as JSON'))
    .action(runs(async () => (await import('../roles/ledger-look.ts')).status))
}

function mint(): AnyCommand {
  return command('mint', {
    summary: "make notes of an amount, one key for each; not while 'run' has the ledger open",
    usage: ['DIR --amount N [--each] --to KEY [--to KEY ...]'],
    examples: ['chaffinch ledger mint bank --amount 30 --to "$KEY" --to "$OTHER"'],
  })
    .argument('<DIR>')
    .option('--amount <N>', 'split into 1, 2 and 5 times powers of ten')
    .option('--each', 'a note of N for each key; N must be 1, 2 or 5 times a power of ten')
    .addOption(
      many(
        '--to <KEY>',
        '64 hexadecimal digits, an Ed25519 public key that is used once; once for each note',
      ),
    )
    .action(runs(async () => (await load()).mint))
}

function verify(): AnyCommand {
  return command('verify', {
    summary: 'read the whole log and check chain, tree, signatures, sums',
    says: `Reads the whole log, from a folder or from where 'run' or 'mirror' answer over HTTP: chain, tree, signatures,
      sums; exits 1 unless all hold.`,
    usage: ['DIR [--json]', '--url URL --genesis HEX [--json]'],
    examples: [
      'chaffinch ledger verify bank',
      'chaffinch ledger verify --url http://127.0.0.1:8080 --genesis "$GENESIS"',
    ],
  })
    .argument('[DIR]')
    .option(...url)
    .option(...genesis)
    .addOption(json())
    .action(runs(async () => (await load()).verify))
}
