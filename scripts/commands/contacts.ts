// chaffinch contacts

import { command, group, oneOf, runs } from '../define/command.ts'
import { clientFile, identity, json } from '../define/options.ts'
import type { AnyCommand } from '../define/told.ts'

const jsonLines = 'print JSON, one contact a line'
const load = async () => await import('../files/contacts.ts')
const received = () =>
  oneOf(
    '--received <ON>',
    ['on', 'off'],
    'on or off: tell them that their messages have come, if they ask (default: on)',
  )
const read = () =>
  oneOf(
    '--read <ON>',
    ['on', 'off'],
    'on or off: tell them, some time later, that you have read them, if they ask (default: off)',
  )

export function contacts(): AnyCommand {
  return group(
    'contacts',
    {
      summary: 'names for addresses',
      says: `The people whom you know. Their names stand for their addresses in --to; what they write lies in 'inbox',
        what others write in 'inbox requests'; and what you write to each other is sealed to keys that are erased after
        their time. The running client of --config keeps them, under its lock.`,
      examples: ['chaffinch contacts add alice "$ADDRESS" --read on'],
    },
    [list(), add(), set(), words(), remove()],
    'list',
  )
}

function list(): AnyCommand {
  return command('list', { summary: 'all of them; without an action it does this' })
    .addOption(clientFile())
    .addOption(identity())
    .addOption(json(jsonLines))
    .action(runs(async () => (await load()).list))
}

function add(): AnyCommand {
  return command('add', {
    summary: 'give an address a name',
    examples: ['chaffinch contacts add alice "$ADDRESS" --read on'],
  })
    .argument('<NAME>')
    .argument('<ADDRESS>')
    .addOption(received())
    .addOption(read())
    .addOption(clientFile())
    .addOption(identity())
    .addOption(json(jsonLines))
    .action(runs(async () => (await load()).add))
}

function set(): AnyCommand {
  return command('set', {
    summary: 'change what one is told',
    examples: ['chaffinch contacts set alice --read off'],
  })
    .argument('<NAME>')
    .addOption(received())
    .addOption(read())
    .addOption(clientFile())
    .addOption(identity())
    .addOption(json(jsonLines))
    .action(runs(async () => (await load()).set))
}

function words(): AnyCommand {
  return command('words', {
    summary: "twelve words that both see when each has the other's address: read them to each other",
  })
    .argument('<NAME>')
    .addOption(clientFile())
    .addOption(identity())
    .addOption(json())
    .action(runs(async () => (await load()).words))
}

function remove(): AnyCommand {
  return command('remove', { summary: 'forget one' })
    .argument('<NAME>')
    .addOption(clientFile())
    .addOption(identity())
    .addOption(json())
    .action(runs(async () => (await load()).remove))
}
