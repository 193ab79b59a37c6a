// chaffinch surb

import { command, group, runs } from '../define/command.ts'
import { clientFile, identity, json } from '../define/options.ts'
import type { AnyCommand } from '../define/told.ts'

const load = async () => await import('../ask/surb.ts')

export function surb(): AnyCommand {
  return group(
    'surb',
    {
      summary: 'make, inspect and use reply blocks by hand',
      says: `Reply blocks (SURBs) by hand: one string with which somebody can write to you without learning who you are.
        What comes lies in the inbox as a reply.`,
      examples: ['chaffinch surb make --for bob --count 3', 'chaffinch surb use "$SURB" \'hello\''],
    },
    [make(), inspect(), use()],
  )
}

function make(): AnyCommand {
  return command('make', {
    summary: 'make some, for whoever is to write',
    usage: ['--for ADDRESS [OPTIONS]'],
    examples: ['chaffinch surb make --for bob --count 3'],
  })
    .addOption(clientFile())
    .addOption(identity())
    .option(
      '--for <ADDRESS>',
      'whoever is to use them (an address or a contact): they enter at the gateways of that address',
    )
    .option('--count <N>', 'how many, 1 to 64 (default: 10); one carries about 1,900 bytes')
    .addOption(json())
    .action(runs(async () => (await load()).make))
}

function inspect(): AnyCommand {
  return command('inspect', { summary: 'say how many there are, and until when they hold' })
    .argument('<SURB>')
    .addOption(clientFile())
    .addOption(identity())
    .addOption(json())
    .action(runs(async () => (await load()).inspect))
}

function use(): AnyCommand {
  return command('use', {
    summary: 'write with them; without TEXT it reads standard input',
    examples: ['chaffinch surb use "$SURB" \'hello\''],
  })
    .argument('<SURB>')
    .argument('[TEXT]')
    .addOption(clientFile())
    .addOption(identity())
    .addOption(json())
    .action(runs(async () => (await load()).use))
}
