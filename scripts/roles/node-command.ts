// chaffinch mix and chaffinch gateway: run a node, or tell the authorities that it leaves.

import { readNodeFile } from '../../roles/files/index.ts'
import { runNode } from '../../roles/node.ts'
import { configOption } from './config-option.ts'
import { leave } from './leave.ts'

/** Does for a mix or a gateway what the arguments say. */
export async function nodeCommand(
  role: 'mix' | 'gateway',
  args: readonly string[],
): Promise<number | undefined> {
  const [action, ...rest] = args
  if (action === 'leave') return await leave(readNodeFile(configOption(role, rest), role))
  return await runNode(role, configOption(role, args))
}
