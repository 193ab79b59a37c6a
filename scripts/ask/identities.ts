// chaffinch identity list, create, remove: the identities of a running client.

import type { IdentityJson, RemoteClient } from '../../client/remote/index.ts'
import { CommandError } from '../../encoding/command-line.ts'

export const identityChores = ['list', 'create', 'remove'] as const
export type IdentityChore = (typeof identityChores)[number]

/** @throws CommandError USAGE; RemoteError */
export async function identityChore(
  client: RemoteClient,
  what: IdentityChore,
  name: string | undefined,
  json: boolean,
): Promise<void> {
  if ((what === 'list') !== (name === undefined))
    throw new CommandError(
      'USAGE',
      what === 'list' ? `identity list: unexpected argument '${name}'` : `identity ${what}: want a name`,
      'chaffinch identity --help',
    )
  if (what === 'list') {
    for (const each of await client.identities()) show(each, json)
  } else if (what === 'create') {
    show(await client.createIdentity(name as string), json)
  } else {
    await client.removeIdentity(name as string)
    console.log(json ? JSON.stringify({ name }) : `${name} is forgotten, with its keys and messages`)
  }
}

function show(identity: IdentityJson, json: boolean): void {
  const { name, address, ready } = identity
  const line = `${name}  ${ready ? 'ready' : 'not ready'}  ${address === '' ? 'no address yet' : address}`
  console.log(json ? JSON.stringify(identity) : line)
}
