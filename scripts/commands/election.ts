// chaffinch election

import { command, group, many, runs } from '../define/command.ts'
import { json } from '../define/options.ts'
import type { AnyCommand } from '../define/told.ts'

const check = async () => await import('../election/check.ts')
const letters = async () => await import('../election/invite.ts')
const network = async () => await import('../election/vote.ts')
const few = async () => await import('../election/too-few.ts')
const stands = async () => await import('../election/status.ts')
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
        'chaffinch election vote board --controller http://127.0.0.1:8080/mixnet --answer 1=Anna',
        'chaffinch election tally board --controller http://127.0.0.1:8080/mixnet --wait',
        'chaffinch election verify board',
      ],
    },
    [
      ...[init(), credentials(), invite(), vote(), challenge(), status(), close(), giveUp(), prolong()],
      ...[tally(), verify(), result(), receipt()],
    ],
  )
}

function init(): AnyCommand {
  return command('init', {
    summary: 'check what an election is to be, and begin its public folder',
    says: `Reads a definition (docs/spec/voting.md 2) from a TOML file with the same names, checks it, writes it into the
      public folder and prints the election's id, which all voters are told. Times (opens_at, closes_at) may have any
      zone, and are written in UTC.`,
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

function invite(): AnyCommand {
  return command('invite', {
    summary: 'send every voter their code',
    says: `Writes each voter a letter with their code and, where the election has a page, the address that opens it; sends it through
      a mail server, or writes it to a file to be printed. The password of the mail server comes from CHAFFINCH_SMTP_PASSWORD. Who
      was sent a letter is noted beside the codes, so that the same command goes on after a failure. Mail servers on the way can
      read codes: where that matters, print the letters.`,
    examples: [
      'chaffinch election invite board --codes codes.csv --smtp smtps://me@m.example --from me@m.example',
      'chaffinch election invite board --codes codes.csv --letters letters',
    ],
  })
    .argument('<FOLDER>')
    .option('--codes <FILE>', "the voters' codes, as 'election credentials' wrote them")
    .option('--smtp <URL>', 'a mail server: smtp://USER@HOST:PORT, or smtps://')
    .option('--from <ADDRESS>', 'whom the letters are from')
    .option('--letters <FOLDER>', 'write the letters to files here instead')
    .option('--page <URL>', "the elections' page, for links: https://HOST/MIXNET/ui/")
    .option('--text <FILE>', 'another letter: a text with {name}, {title}, {election}, {code}, {link}')
    .option('--subject <TEXT>', "of the mails (default: the election's title)")
    .addOption(json())
    .action(runs(async () => (await letters()).invite))
}

function vote(): AnyCommand {
  return command('vote', {
    summary: 'cast a ballot',
    says: `Encrypts and signs an answer to each question, hands them to the mix-net and keeps the receipts. The code comes from a
      file or from standard input, never from the command line, which others can see. Who votes again replaces what was
      said before.

      Options go by their names or numbers: 1=Anna,Bo or 1=Anna,+Zoe to write one in; 2=Anna>Bo for an order, with = between
      those on one rank; 3=Anna:10,Bo:0 for scores or grades; 4=North:Dora for a list and candidates. A question without an
      answer is left blank.`,
    examples: [
      'chaffinch election vote board --controller http://127.0.0.1/mixnet --code code.txt --answer 1=Anna',
    ],
  })
    .argument('<FOLDER>')
    .option('--controller <URL>', 'where the mix-net is: http://HOST:PORT/MIXNET')
    .option('--code <FILE>', "a file with the voter's code (default: standard input)")
    .addOption(many('--answer <ANSWER>', 'QUESTION=ANSWER; once for each question'))
    .option('--receipts <FOLDER>', 'where the receipts go (default: here)')
    .option('--ask', 'first say which ballot was made, and ask whether to cast it or to open it')
    .addOption(json('print JSON, one ballot a line'))
    .action(runs(async () => (await network()).vote))
}

function challenge(): AnyCommand {
  return command('challenge', {
    summary: 'look into a ballot that was opened instead of cast',
    says: `Checks, on another computer than the one that made it, what is in a ballot that 'election vote --ask' has opened: compare
      tracker and answer with what was written down and meant. A program that lies about one ballot in ten is found by one look in
      ten. An opened ballot is never cast: vote anew.`,
    examples: ['chaffinch election challenge opened-1-XXXXX.json board --controller http://127.0.0.1/mixnet'],
  })
    .argument('<FILE>')
    .argument('<FOLDER>')
    .option('--controller <URL>', 'where the mix-net is: http://HOST:PORT/MIXNET')
    .addOption(json())
    .action(runs(async () => (await network()).challenge))
}

function close(): AnyCommand {
  return command('close', {
    summary: "say as a mixer's or trustee's operator that an election is to be closed",
    says: `Writes into the folder of a mixer or trustee that its operator wants an election closed, now or at a time. It is closed
      when so many members want it as the definition says (quorum).`,
    examples: [
      'chaffinch election close board --member alice',
      'chaffinch election close board --member alice --at 2026-01-31T18:00:00Z',
    ],
  })
    .argument('<FOLDER>')
    .option('--member <DIR>', "the mixer's or trustee's folder")
    .option('--at <TIME>', 'when, in UTC (default: now)')
    .action(runs(async () => (await prepare()).close))
}

function status(): AnyCommand {
  return command('status', {
    summary: 'say how an election stands',
    says: `Follows the log of the mix-net, checks every step, and says of each question whether it takes ballots, how many there are, and
      how far it is. One that ended with too few takes none: it says what becomes of it, and how many owners want what.`,
    examples: ['chaffinch election status board --controller http://127.0.0.1:8080/mixnet'],
  })
    .argument('<FOLDER>')
    .option('--controller <URL>', 'where the mix-net is: http://HOST:PORT/MIXNET')
    .addOption(json('print one JSON object'))
    .action(runs(async () => (await stands()).status))
}

function giveUp(): AnyCommand {
  return command('give-up', {
    summary: "say as a mixer's or trustee's operator that an election with too few ballots is given up",
    says: `Writes into the folder of a mixer or trustee that its operator wants the election given up where it has fewer ballots than
      the definition asks for (ballots_least) when it is over. It is given up for good when so many members want it as close
      it (quorum): the log says so, and no ballot of it is ever opened.`,
    examples: ['chaffinch election give-up board --member alice'],
  })
    .argument('<FOLDER>')
    .option('--member <DIR>', "the mixer's or trustee's folder")
    .action(runs(async () => (await few()).giveUp))
}

function prolong(): AnyCommand {
  return command('prolong', {
    summary: "say as a mixer's or trustee's operator until when an election with too few ballots goes on",
    says: `Writes into the folder of a mixer or trustee until when its operator wants an election to go on that is over with too few
      ballots. It takes ballots again, from those that it had on, when so many members want the same time as close it (quorum):
      the log has the time, and everybody sees it. An election that has enough ballots is never prolonged.`,
    examples: ['chaffinch election prolong board --member alice --until 2026-02-07T18:00:00Z'],
  })
    .argument('<FOLDER>')
    .option('--member <DIR>', "the mixer's or trustee's folder")
    .option('--until <TIME>', 'until when, in UTC')
    .action(runs(async () => (await few()).prolong))
}

function tally(): AnyCommand {
  return command('tally', {
    summary: 'count an election that is over, and write its public folder',
    says: `Follows the log of the mix-net, checks every step, opens and counts what the trustees have shared, and writes everything
      that anybody needs to check it.`,
    examples: ['chaffinch election tally board --controller http://127.0.0.1:8080/mixnet --wait'],
  })
    .argument('<FOLDER>')
    .option('--controller <URL>', 'where the mix-net is: http://HOST:PORT/MIXNET')
    .option('--wait', 'wait until it is over')
    .addOption(json('print the result as JSON'))
    .action(runs(async () => (await network()).tally))
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
    examples: [
      'chaffinch election result board --csv > result.csv',
      'chaffinch election result board --html > result.html',
    ],
  })
    .argument('<FOLDER>')
    .option('--csv', 'print comma-separated values')
    .option('--html', 'print a page')
    .addOption(json('print JSON'))
    .action(runs(async () => (await check()).result))
}

function receipt(): AnyCommand {
  return command('receipt', {
    summary: 'say what became of a ballot',
    says: `Checks a voter's receipt, or all in a folder, against a public folder: whether the ballot counts, was replaced by a later one of the same
      voter, or was left out.`,
    examples: ['chaffinch election receipt receipt-1.json board'],
  })
    .argument('<FILE>')
    .argument('<FOLDER>')
    .addOption(json())
    .action(runs(async () => (await check()).receipt))
}
