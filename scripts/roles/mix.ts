// chaffinch mix.

import { nodeCommand } from './node-command.ts'

export function run(args: readonly string[]): Promise<number | undefined> {
  return nodeCommand('mix', args)
}
