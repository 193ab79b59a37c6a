// chaffinch inbox

import { command, group, runs } from '../define/command.ts'
import { clientFile, identity, json } from '../define/options.ts'
import type { AnyCommand } from '../define/told.ts'

const jsonLines = 'print JSON, one message a line'
const ofApp = ['--app <NAME>', 'only of this app (default: messages for none; list: all)'] as const
const after = ['--after <N>', 'only what came behind message N'] as const
const wait = ['--wait <TIME>', 'when it is empty, wait so long for a first message'] as const
const load = async () => await import('../ask/inbox.ts')

export function inbox(): AnyCommand {
  return group(
    'inbox',
    {
      summary: 'show what has arrived at a running client: list, read, watch',
      says: 'Shows what has arrived at the running client of --config; what it shows counts as read.',
      examples: [
        'chaffinch inbox --config me/client.toml',
        'chaffinch inbox --wait 30s --json',
        'chaffinch inbox read 3 --file picture.jpg',
      ],
    },
    [show(), requests(), list(), read(), watch()],
    'show',
  )
}

function show(): AnyCommand {
  return waiting('show', {
    summary: 'what your contacts wrote, and replies, with their contents; --json: everything',
    examples: ['chaffinch inbox --wait 30s --json'],
  })
}

function requests(): AnyCommand {
  return waiting('requests', { summary: 'what strangers wrote: it waits apart, and nothing is told them' })
}

/** Shows messages with their contents, and waits for a first one. */
function waiting(name: 'show' | 'requests', told: Parameters<typeof command>[1]): AnyCommand {
  return command(name, told)
    .addOption(clientFile())
    .addOption(identity())
    .option(...ofApp)
    .option(...after)
    .option(...wait)
    .addOption(json(jsonLines))
    .action(runs(async () => (await load())[name]))
}

function list(): AnyCommand {
  return command('list', {
    summary: 'a line for each: a star before those that nobody has read, its number, and its size',
  })
    .addOption(clientFile())
    .addOption(identity())
    .option(...ofApp)
    .addOption(json(jsonLines))
    .action(runs(async () => (await load()).list))
}

function read(): AnyCommand {
  return command('read', {
    summary: 'the contents of one, by its number or id',
    examples: ['chaffinch inbox read 3 --file picture.jpg'],
  })
    .argument('<N>')
    .addOption(clientFile())
    .addOption(identity())
    .option(...ofApp)
    .option('--file <FILE>', 'write the contents to a new file')
    .addOption(json(jsonLines))
    .action(runs(async () => (await load()).read))
}

function watch(): AnyCommand {
  return command('watch', { summary: 'what nobody has read, then each message as it comes' })
    .addOption(clientFile())
    .addOption(identity())
    .option(...ofApp)
    .option(...after)
    .option('--timeout <TIME>', 'end after so long (default: never)')
    .addOption(json(jsonLines))
    .action(runs(async () => (await load()).watch))
}
