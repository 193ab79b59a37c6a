// chaffinch mix and chaffinch gateway

import { command, group, runs } from '../define/command.ts'
import type { AnyCommand } from '../define/told.ts'

export function mix(): AnyCommand {
  return node('mix', 'It takes packets, peels a layer, holds them and forwards them.')
}

export function gateway(): AnyCommand {
  return node('gateway', 'It lets clients in and keeps their mailboxes.')
}

function node(role: 'mix' | 'gateway', does: string): AnyCommand {
  const config = [
    '--config <FILE>',
    `what 'chaffinch init ${role}' wrote (default: ${role}.toml, here or in ~/.config/chaffinch)`,
  ] as const
  const examples = [`chaffinch ${role} --config ${role}1/${role}.toml`]
  const run = command('run', {
    summary: 'run it until SIGTERM or Ctrl-C; without an action it does this',
    examples,
  })
    .option(...config)
    .action(runs(async () => (await import('../roles/node-command.ts')).running(role)))
  const leave = command('leave', {
    summary: 'tell the authorities that it leaves, and say until when to keep it running',
    examples: [`chaffinch ${role} leave --config ${role}1/${role}.toml`],
  })
    .option(...config)
    .action(runs(async () => (await import('../roles/node-command.ts')).leaving(role)))
  const says = `Runs a ${role} until SIGTERM or Ctrl-C. ${does}`
  return group(role, { summary: `run a ${role}`, says, examples }, [run, leave], 'run')
}
