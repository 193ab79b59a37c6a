// chaffinch anonymity and chaffinch advise

import { command, runs } from '../define/command.ts'
import { clientFile, json } from '../define/options.ts'
import type { AnyCommand } from '../define/told.ts'

export function anonymity(): AnyCommand {
  return command('anonymity', {
    summary: 'say how well a message sent now is hidden, and what the cover costs',
    says: `Says among how many users and packets a message sent now hides, from whoever sees all links; what isolating it at
      a mix takes; which of it nodes counted with noise, and which is assumed; and what the client's cover costs. It is
      computed from the consensus by the running client (docs/spec/counts.md); where nodes publish no counts it gives
      bounds.`,
    examples: ['chaffinch anonymity --config me/client.toml'],
  })
    .addOption(clientFile())
    .addOption(json('print the report as JSON, with the cost of the cover'))
    .action(runs(async () => (await import('../study/anonymity.ts')).run))
}

export function advise(): AnyCommand {
  return command('advise', {
    summary: 'say how well so many users are hidden by each level of cover, and at which cost',
    says: `Says for each level of cover which delay a hop may have, how well a message hides from an observer of all links
      who has some of the mixes too, with its uncertainty, and what it costs a user. Networks are simulated
      (docs/spec/simulator.md); rates are those of a network that votes for nothing else.`,
    usage: ['--users N [OPTIONS]'],
    examples: ['chaffinch advise --users 1000 --messages 50 --delay 5s --corrupt 10'],
  })
    .option('--users <N>', 'users who are online at a time')
    .option('--messages <N>', 'messages that each writes a day (default: 50)')
    .option('--delay <TIME>', 'time within which 95 of 100 messages should be read (default: 5s)')
    .option('--corrupt <PERCENT>', "of a hundred mixes the observer's own (default: 10)")
    .option('--layers <N>', 'layers of mixes (default: 3)')
    .option('--width <N>', 'mixes in a layer (default: 10)')
    .option('--seed <N>', 'the same draws again (default: 1)')
    .addOption(json('print one line of JSON: {"need", "advised"}'))
    .action(runs(async () => (await import('../study/advise.ts')).run))
}
