// chaffinch services, request and ping: the services that gateways and others run.

import { command, group, runs } from '../define/command.ts'
import { clientFile, identity, json } from '../define/options.ts'
import type { AnyCommand } from '../define/told.ts'

export function services(): AnyCommand {
  const list = command('list', {
    summary: 'all of them, or those of one name; without an action it does this',
    examples: ['chaffinch services list echo'],
  })
    .argument('[NAME]')
    .addOption(clientFile())
    .addOption(identity())
    .addOption(json('print JSON, one service a line'))
    .action(runs(async () => (await import('../ask/services.ts')).run))
  const told = {
    summary: 'list the services that gateways announce',
    says: `Lists the services that gateways announce, as NAME@GATEWAY and with the address of each. They come with the
      consensus, which everybody has: looking shows nothing to anybody. A name is its gateway's choice of words, not a
      proof of who runs the service.`,
    examples: ['chaffinch services'],
  }
  return group('services', told, [list], 'list')
}

export function request(): AnyCommand {
  return command('request', {
    summary: 'ask a service, and print its answer',
    says: `Asks a service and prints its answer. The service does not learn who asks. Without TEXT it reads standard input.`,
    usage: ['--service NAME[@GATEWAY] [TEXT] [OPTIONS]'],
    examples: ["chaffinch request --service echo@4fa10b22 'hello?'"],
  })
    .argument('[TEXT]')
    .option(
      '--service <NAME>',
      "a service of 'chaffinch services', with @ and the beginning of its gateway's id where several have the name",
    )
    .option('--to <ADDRESS>', 'where it runs (an address or a contact), for one that nobody announces')
    .addOption(clientFile())
    .addOption(identity())
    .option('--timeout <TIME>', 'for the answer (default: 60s)')
    .addOption(json('print {"base64", "text"}'))
    .action(runs(async () => (await import('../ask/request.ts')).run))
}

export function ping(): AnyCommand {
  return command('ping', {
    summary: 'measure the way to a service and back',
    says: `Asks a ping service again and again: round trips, loss, and for each node that the questions passed how much of
      what went over it was acknowledged, and how much longer than the delays drawn that took.`,
    examples: ['chaffinch ping --to bob --count 10'],
  })
    .addOption(clientFile())
    .addOption(identity())
    .option(
      '--to <ADDRESS>',
      'where the service runs (an address or a contact; default: where a gateway announces it)',
    )
    .option('--service <NAME>', 'NAME@GATEWAY where several announce it (default: ping)')
    .option('--count <N>', 'how often (default: 5)')
    .option('--timeout <TIME>', 'for each answer (default: 20s)')
    .addOption(json())
    .action(runs(async () => (await import('../ask/ping.ts')).run))
}
