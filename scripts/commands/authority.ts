// chaffinch authority

import { command, group, runs } from '../define/command.ts'
import { json, networkFile } from '../define/options.ts'
import type { AnyCommand } from '../define/told.ts'

const config = [
  '--config <FILE>',
  "what 'chaffinch init authority' wrote (default: authority.toml, here or in ~/.config/chaffinch)",
] as const
const from = [
  '--from <EPOCH>',
  'the first epoch whose document is signed by both (default: 6 epochs from now)',
] as const
const threshold = ['--threshold <N>', 'how many of the new ones must sign (default: more than half)'] as const
const changes = async () => await import('../roles/authority-change.ts')

export function authority(): AnyCommand {
  return group(
    'authority',
    {
      summary: 'run a directory authority, or say who the authorities are to be',
      says: `Runs an authority until SIGTERM or Ctrl-C. It agrees with the other authorities on a consensus every epoch
        and serves it. The other forms say whom this operator wants to be the authorities from some epoch on. They change
        when as many operators as sign a document run the same, and the new authorities run with it too; the document
        that hands over is signed by the old ones and the new ones, and everybody follows it.`,
      examples: [
        'chaffinch authority --config alpha/authority.toml',
        'chaffinch authority add "$DELTA" --from 120 --config alpha/authority.toml',
      ],
    },
    [run(), add(), replace(), retire(), keep(), network(), applicants()],
    'run',
  )
}

function run(): AnyCommand {
  return command('run', {
    summary: 'run it until SIGTERM or Ctrl-C; without an action it does this',
    examples: ['chaffinch authority --config alpha/authority.toml'],
  })
    .option(...config)
    .action(runs(async () => (await import('../roles/authority-command.ts')).run))
}

function add(): AnyCommand {
  return command('add', {
    summary: "want one more: LINE is what 'init authority' printed",
    examples: ['chaffinch authority add "$DELTA" --from 120 --config alpha/authority.toml'],
  })
    .argument('<LINE>')
    .option(...config)
    .option(...from)
    .option(...threshold)
    .action(runs(async () => (await changes()).add))
}

function replace(): AnyCommand {
  return command('replace', { summary: 'want one, by its id, replaced with another' })
    .argument('<ID>')
    .argument('<LINE>')
    .option(...config)
    .option(...from)
    .option(...threshold)
    .action(runs(async () => (await changes()).replace))
}

function retire(): AnyCommand {
  return command('retire', { summary: 'want one, by its id, to go' })
    .argument('<ID>')
    .option(...config)
    .option(...from)
    .option(...threshold)
    .action(runs(async () => (await changes()).retire))
}

function keep(): AnyCommand {
  return command('keep', { summary: 'want no change, or no more' })
    .option(...config)
    .action(runs(async () => (await changes()).keep))
}

function network(): AnyCommand {
  return command('network', {
    summary: 'write the network file with the authorities of now, for those who are new',
  })
    .argument('<FILE>')
    .addOption(networkFile('an older network file (default: network.toml)'))
    .action(runs(async () => (await changes()).writeNetwork))
}

function applicants(): AnyCommand {
  return command('applicants', {
    summary: 'list the nodes that asked to be let in while it ran, and why some were refused',
  })
    .option(...config)
    .addOption(json())
    .action(runs(async () => (await import('../roles/authority-applicants.ts')).applicants))
}
