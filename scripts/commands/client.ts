// chaffinch client

import { command, runs } from '../define/command.ts'
import type { AnyCommand } from '../define/told.ts'

export function client(): AnyCommand {
  return command('client', {
    summary: 'run a client with its loopback HTTP API',
    says: `Runs a client until SIGTERM or Ctrl-C. Its HTTP API listens on 127.0.0.1 only and wants the token in
      FOLDER/token.`,
    examples: ['chaffinch client --config me/client.toml'],
  })
    .option(
      '--config <FILE>',
      "what 'chaffinch init client' wrote (default: client.toml, here or in ~/.config/chaffinch)",
    )
    .action(runs(async () => (await import('../roles/client-command.ts')).run))
}
