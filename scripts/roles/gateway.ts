// chaffinch gateway.

import { runNode } from './node.ts'

export function run(args: readonly string[]): Promise<number | undefined> {
  return runNode('gateway', args)
}
