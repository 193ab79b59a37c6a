// chaffinch mix and chaffinch gateway: run a node, or tell the authorities that it leaves.

import { readNodeFile, roleFileAt } from '../../roles/files/index.ts'
import { runNode } from '../../roles/node.ts'
import { leave } from './leave.ts'

type NodeRole = 'mix' | 'gateway'
type Act = (options: { readonly config?: string }) => Promise<number | undefined>

export function running(role: NodeRole): Act {
  return async ({ config }) => await runNode(role, roleFileAt(role, config))
}

export function leaving(role: NodeRole): Act {
  return async ({ config }) => await leave(readNodeFile(roleFileAt(role, config), role))
}
