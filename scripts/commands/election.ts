// chaffinch election

import { command, group, runs } from '../define/command.ts'
import { json } from '../define/options.ts'
import type { AnyCommand } from '../define/told.ts'

const check = async () => await import('../election/check.ts')
const prepare = async () => await import('../election/prepare.ts')

export function election(): AnyCommand {
  return group(
    'election',
    {
      summary: 'hold an election that anybody can check',
      says: `Elections on a cascade of mixers (docs/spec/voting.md): ballots are signed with keys that no server has, mixed with
        proofs, opened by several trustees together and counted. Whoever has the public folder checks everything.`,
      examples: [
        'chaffinch election init board --from election.toml',
        'chaffinch election credentials board --voters voters.csv --codes codes.csv',
        'chaffinch election verify board',
      ],
    },
    [init(), credentials(), verify(), result(), receipt()],
  )
}

function init(): AnyCommand {
  return command('init', {
    summary: 'check what an election is to be, and begin its public folder',
    says: `Reads a definition (docs/spec/voting.md 2) from a TOML file with the same names, checks it, writes it into the
      public folder and prints the election's id, which all voters are told.`,
    examples: ['chaffinch election init board --from election.toml'],
  })
    .argument('<FOLDER>')
    .option('--from <FILE>', 'the definition, as TOML')
    .addOption(json())
    .action(runs(async () => (await prepare()).init))
}

function credentials(): AnyCommand {
  return command('credentials', {
    summary: 'draw a code for every voter',
    says: `Reads voters from a spreadsheet's CSV (columns name, mail, weight; any encoding, any delimiter), draws a code for
      each, and writes the roll of their keys, without names, into the public folder. The codes are for the credential
      authority alone, who hands them out and destroys the file.`,
    examples: ['chaffinch election credentials board --voters voters.csv --codes codes.csv'],
  })
    .argument('<FOLDER>')
    .option('--voters <FILE>', 'the register')
    .option('--codes <FILE>', 'where the codes go: a new file, for nobody else')
    .addOption(json())
    .action(runs(async () => (await prepare()).credentials))
}

function verify(): AnyCommand {
  return command('verify', {
    summary: 'check an election from the ballots to the printed result, without a network',
    says: `Checks every signature, proof and share of a public folder, counts again, and compares with what is printed. A changed
      byte is refused, and its file named. Exit code 0 says that everything holds.`,
    examples: ['chaffinch election verify board', 'chaffinch election verify board --id ID --json'],
  })
    .argument('<FOLDER>')
    .option('--id <ID>', 'the id of the election that voters were told')
    .addOption(json('print one JSON object'))
    .action(runs(async () => (await check()).verify))
}

function result(): AnyCommand {
  return command('result', {
    summary: 'check an election, and print its result',
    examples: ['chaffinch election result board --csv > result.csv'],
  })
    .argument('<FOLDER>')
    .option('--csv', 'print comma-separated values')
    .addOption(json('print JSON'))
    .action(runs(async () => (await check()).result))
}

function receipt(): AnyCommand {
  return command('receipt', {
    summary: 'say what became of a ballot',
    says: `Checks a voter's receipt against a public folder: whether the ballot counts, was replaced by a later one of the same
      voter, or was left out.`,
    examples: ['chaffinch election receipt receipt-1.json board'],
  })
    .argument('<FILE>')
    .argument('<FOLDER>')
    .addOption(json())
    .action(runs(async () => (await check()).receipt))
}
