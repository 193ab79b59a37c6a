// chaffinch crowds

import { command, group, runs } from '../define/command.ts'
import { json } from '../define/options.ts'
import type { AnyCommand } from '../define/told.ts'

export function crowds(): AnyCommand {
  const config = [
    '--config <FILE>',
    "what 'chaffinch init member' wrote (default: member.toml, here or in ~/.config/chaffinch)",
  ] as const
  const examples = ['chaffinch crowds --config member1/member.toml']
  const run = command('run', {
    summary: 'run a member until SIGTERM or Ctrl-C; without an action it does this',
    examples,
  })
    .option(...config)
    .action(runs(async () => (await import('../roles/crowds-command.ts')).run))
  const ask = command('ask', {
    summary: 'ask a destination through the crowd, and print its answer',
    says: `Asks a destination by the name that the members have in their files, and prints its answer. Requests of one
      session go one way. Without TEXT it reads standard input.`,
    usage: ['DESTINATION [TEXT] [OPTIONS]'],
    examples: ["chaffinch crowds ask echo 'hello?' --config member1/member.toml"],
  })
    .argument('<DESTINATION>')
    .argument('[TEXT]')
    .option(...config)
    .option('--session <NAME>', 'whose path it takes (default: one for all that name none)')
    .addOption(json('print {"base64", "text"}'))
    .action(runs(async () => (await import('../roles/crowds-command.ts')).ask))
  const leave = command('leave', {
    summary: 'tell the authorities that the member leaves, and say until when to keep it running',
    examples: ['chaffinch crowds leave --config member1/member.toml'],
  })
    .option(...config)
    .action(runs(async () => (await import('../roles/crowds-command.ts')).leaveCrowd))
  const told = {
    summary: 'run a member of a crowd, and ask through it',
    says: `Runs a member of a crowd until SIGTERM or Ctrl-C. Members ask for each other, so that who is asked does not learn
      who asks, and of the members none is sure. It hides nothing from who sees all links: 'chaffinch client' does.`,
    examples,
  }
  return group('crowds', told, [run, ask, leave], 'run')
}
