// chaffinch send

import { command, many, oneOf, runs } from '../define/command.ts'
import { clientFile, identity, json } from '../define/options.ts'
import type { AnyCommand } from '../define/told.ts'

const states = ['sent', 'stored', 'received', 'read']
/** The heading of the options that few people need. */
const paths =
  "what its packets' paths must obey, for those who need it (without, they look like everybody's):"

export function send(): AnyCommand {
  return command('send', {
    summary: 'send a message or a reply through a running client',
    says: `Hands a message to the running client of --config and prints its id. Without TEXT it reads standard input.`,
    usage: ['--to ADDRESS [TEXT] [OPTIONS]', '--reply N [TEXT] [OPTIONS]'],
    examples: [
      `chaffinch send --config me/client.toml --to "$ADDRESS" 'hello'`,
      'chaffinch send --to "$ADDRESS" --wait stored < picture.jpg',
      "chaffinch send --reply 3 'hello yourself'",
    ],
  })
    .argument('[TEXT]')
    .addOption(clientFile())
    .addOption(identity())
    .option('--to <ADDRESS>', "what 'chaffinch address' printed at the other end, or a contact")
    .option('--file <FILE>', 'what to send')
    .option('--app <NAME>', 'the app that it is for, at both ends')
    .option('--reply <N>', 'answer message N of the inbox (its number or id); who wrote it stays unknown')
    .option('--no-replies', 'send no reply blocks along: the other end cannot answer')
    .option('--from', 'say who you are: the receiver can check it, and prove it to nobody else')
    .addOption(
      oneOf(
        '--wait <STATE>',
        states,
        'return when it is sent, stored, received or read (default: return when it is accepted); the last two come only if the receiver knows you and lets its client tell',
      ),
    )
    .option(
      '--patience <TIME>',
      "how long it is tried, at most as long as the file's patience (default: that, a day)",
    )
    .option('--timeout <TIME>', 'how long to wait for that (default: 60s, and 1s for each 10 kB)')
    .addOption(json())
    .optionsGroup(paths)
    .option(
      '--path <PATH>',
      "PART,PART,PART[:EXIT], a part for each mix: ? (any), *N (N times any), or a mix by the first 8 or more digits of its id; EXIT is one of the receiver's gateways",
    )
    .addOption(many('--avoid <ID>', 'a mix that no path uses; may be given more than once'))
    .option(
      '--min-reliability <PERCENT>',
      "only mixes through which so many of this client's packets came (0 to 100)",
    )
    .option('--max-latency <TIME>', 'delays of a path together at most')
    .option('--copies <N>', 'each packet N times, over paths of their own (1 to 8)')
    .action(runs(async () => (await import('../ask/send.ts')).run))
}

export function reply(): AnyCommand {
  return command('reply', {
    summary: 'answer a message of the inbox',
    says: `Answers message N of the inbox (its number or id); who wrote it stays unknown. It is 'chaffinch send --reply N'.
      Without TEXT it reads standard input.`,
    examples: ["chaffinch reply 3 'hello yourself' --wait received"],
  })
    .argument('<N>')
    .argument('[TEXT]')
    .addOption(clientFile())
    .addOption(identity())
    .option('--file <FILE>', 'what to send')
    .addOption(
      oneOf(
        '--wait <STATE>',
        states,
        'return when it is sent, stored, received or read (default: when it is accepted)',
      ),
    )
    .option('--timeout <TIME>', 'how long to wait for that (default: 60s, and 1s for each 10 kB)')
    .addOption(json())
    .action(runs(async () => (await import('../ask/reply.ts')).run))
}
