// chaffinch survey: its actions and their options.

import { command, group, many, runs } from '../define/command.ts'
import { json } from '../define/options.ts'
import type { AnyCommand } from '../define/told.ts'

const prepare = async () => await import('./prepare.ts')
const part = async () => await import('./take-part.ts')
const figures = async () => await import('./results.ts')

export function survey(): AnyCommand {
  return group(
    'survey',
    {
      summary: 'ask many people something, and know who answered, but not who said what',
      says: `Surveys on a cascade of mixers (docs/spec/surveys.md): each participant answers once, with a code; mixers take the answers
        apart from who sent them, and whoever holds the key sees figures, none of fewer people than the form says.`,
      examples: [
        'chaffinch survey init poll --from survey.toml --plan mixnet.json --key holder',
        'chaffinch survey credentials poll --participants people.csv --codes codes.csv',
        'chaffinch survey answer poll --controller http://127.0.0.1/mixnet --keep mine --answer 1=Yes',
        'chaffinch survey collect poll --controller http://127.0.0.1/mixnet --key holder --wait',
        'chaffinch survey results poll --key holder',
      ],
    },
    [init(), credentials(), publish(), answer(), receipt(), close(), collect(), results()],
  )
}

function init(): AnyCommand {
  return command('init', {
    summary: 'check what a survey is to be, and begin its folder',
    says: `Reads title, least number and questions (docs/spec/surveys.md 2) from a TOML or JSON file, takes mix-net and mixers from
      the plan, makes the key that opens the answers where DIR has none, and prints the survey's id.`,
    examples: ['chaffinch survey init poll --from survey.toml --plan mixnet.json --key holder'],
  })
    .argument('<FOLDER>')
    .option('--from <FILE>', 'what is asked, as TOML or JSON')
    .option('--plan <FILE>', "what 'cascade init mixnet' wrote (default: mixnet.json)")
    .option('--key <DIR>', 'whose key opens the answers; it is made where there is none')
    .addOption(json())
    .action(runs(async () => (await prepare()).init))
}

function credentials(): AnyCommand {
  return command('credentials', {
    summary: 'draw a code for every participant',
    says: `Draws a code for each line of a spreadsheet's CSV (columns name, mail; any encoding, any delimiter), or for so many as
      --count says, and writes the list of their keys, without names, into the folder.`,
    examples: [
      'chaffinch survey credentials poll --participants people.csv --codes codes.csv',
      'chaffinch survey credentials poll --count 500 --codes codes.csv',
    ],
  })
    .argument('<FOLDER>')
    .option('--participants <FILE>', 'who may answer')
    .option('--count <N>', 'how many may answer')
    .option('--page <URL>', "where the survey's page is: the table gets a link for each")
    .option('--codes <FILE>', 'where the codes go: a new file, for nobody else')
    .addOption(json())
    .action(runs(async () => (await prepare()).credentials))
}

function publish(): AnyCommand {
  return command('publish', {
    summary: 'hand a survey to the Controller, whose page lets people answer',
    says: `Hands the form and the list of keys, which has no names, to the mix-net's Controller, once the mixers have made the survey's
      chain: its page (docs/spec/pages.md 10) then shows the questions. Prints the page's address.`,
    examples: ['chaffinch survey publish poll --controller http://127.0.0.1/mixnet'],
  })
    .argument('<FOLDER>')
    .option('--controller <URL>', 'where the mix-net is: http://HOST:PORT/MIXNET')
    .addOption(json('print {"survey", "page"}'))
    .action(runs(async () => (await prepare()).publish))
}

function answer(): AnyCommand {
  return command('answer', {
    summary: 'answer a survey',
    says: `Sends answers, and keeps in DIR what shows that they were taken, and what it takes to send them again. The code comes from a
      file or from standard input. Who answers again replaces what was said before. Answers are typed as in 'election vote'; a text
      as it is, a number with its decimals. A question without an answer is left blank.`,
    examples: [
      "chaffinch survey answer poll --controller http://127.0.0.1/road --keep mine --answer '2=too loud'",
    ],
  })
    .argument('<FOLDER>')
    .option('--controller <URL>', 'where the mix-net is: http://HOST:PORT/MIXNET')
    .option('--code <FILE>', "a file with the participant's code (default: standard input)")
    .addOption(many('--answer <ANSWER>', 'QUESTION=ANSWER; once for each question'))
    .option('--keep <DIR>', 'a folder of its own for this answer')
    .option('--wait', 'wait until it has been read')
    .addOption(json('print {"state", "receipts", "findings"}'))
    .action(runs(async () => (await part()).answer))
}

function receipt(): AnyCommand {
  return command('receipt', {
    summary: 'say what became of an answer, and send it again where it was lost',
    says: `Looks for an answer behind every mixer: accepted, included, mixed, delivered, or replaced by a later one. Where a mixer lost
      it, that is shown to everybody, and the answer goes out again.`,
    examples: ['chaffinch survey receipt mine poll --controller http://127.0.0.1/mixnet --wait'],
  })
    .argument('<DIR>')
    .argument('<FOLDER>')
    .option('--controller <URL>', 'where the mix-net is: http://HOST:PORT/MIXNET')
    .option('--wait', 'wait until it has been read')
    .addOption(json('print {"state", "receipts", "findings"}'))
    .action(runs(async () => (await part()).receipt))
}

function close(): AnyCommand {
  return command('close', {
    summary: "say as a mixer's operator that a survey is to be closed",
    says: `Writes into the folder of a mixer that its operator wants a survey closed, now or at a time. It is closed when more than
      half of its mixers want it, and there are as many answers as the form says.`,
    examples: ['chaffinch survey close poll --member alice --at 2026-01-31T18:00:00Z'],
  })
    .argument('<FOLDER>')
    .option('--member <DIR>', "the mixer's folder")
    .option('--at <TIME>', 'when, in UTC (default: now)')
    .action(runs(async () => (await prepare()).close))
}

function collect(): AnyCommand {
  return command('collect', {
    summary: 'take the answers to a survey that is over',
    says: `Follows the log, opens what came out of the last mixer, keeps it beside the key, and says on the board that it is there: so
      participants know that they have been heard.`,
    examples: ['chaffinch survey collect poll --controller http://127.0.0.1/mixnet --key holder --wait'],
  })
    .argument('<FOLDER>')
    .option('--controller <URL>', 'where the mix-net is: http://HOST:PORT/MIXNET')
    .option('--key <DIR>', 'whose key opens the answers')
    .option('--wait', 'wait until it is over')
    .addOption(json())
    .action(runs(async () => (await figures()).collect))
}

function results(): AnyCommand {
  return command('results', {
    summary: 'print the figures of a survey',
    says: `Counts what 'collect' has taken. Nothing is shown of fewer participants than the form says, of groups (--by) neither, nor
      where the rest of the whole would tell.`,
    examples: [
      'chaffinch survey results poll --key holder --by 1',
      'chaffinch survey results poll --key holder --csv > figures.csv',
    ],
  })
    .argument('<FOLDER>')
    .option('--key <DIR>', 'whose key opens the answers')
    .option('--by <QUESTION>', 'groups by what was chosen there, one of the options')
    .option('--csv', 'print comma-separated values')
    .option('--html', 'print a page of HTML without scripts')
    .addOption(json('print JSON'))
    .action(runs(async () => (await figures()).results))
}
