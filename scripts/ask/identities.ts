// chaffinch identity list, create, remove: the identities of a running client.

import { CommandError } from '../../encoding/command-line.ts'
import { askJson, type Endpoint } from '../remote/http.ts'

interface Listed {
  readonly name: string
  /** Empty until it has chosen a gateway. */
  readonly address: string
  readonly ready: boolean
}

export const identityChores = ['list', 'create', 'remove'] as const
export type IdentityChore = (typeof identityChores)[number]

/** @throws CommandError USAGE; HttpRefusal */
export async function identityChore(
  endpoint: Endpoint,
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
    const { identities } = (await askJson(endpoint, '/identities')) as { identities: Listed[] }
    for (const each of identities) show(each, json)
  } else if (what === 'create') {
    show((await askJson(endpoint, '/identities', { method: 'POST', body: { name } })) as Listed, json)
  } else {
    const path = `/identities/${encodeURIComponent(name as string)}`
    const gone = await askJson(endpoint, path, { method: 'DELETE' })
    console.log(json ? JSON.stringify(gone) : `${name} is forgotten, with its keys and messages`)
  }
}

function show(identity: Listed, json: boolean): void {
  const { name, address, ready } = identity
  const line = `${name}  ${ready ? 'ready' : 'not ready'}  ${address === '' ? 'no address yet' : address}`
  console.log(json ? JSON.stringify(identity) : line)
}
