// An identity in a file, to keep a copy of or to take to another machine (docs/spec/client-store.md 11.2).

import { decode, encode } from '@ipld/dag-cbor'
import * as v from 'valibot'
import type { Random } from '../../world/random.ts'
import type { Store } from '../../world/store.ts'
import { ClientError } from '../error.ts'
import { identitySchema } from './identity.ts'
import { checkFormat, putRecord, readRecord } from './schema.ts'
import { makeVault, openVault, readVault, type Unlock } from './vault.ts'

const schema = v.strictObject({ network: v.string(), identity: identitySchema })

/**
 * The keys and gateways of a client, under a passphrase or key: not its messages. Two clients that use one identity
 * at the same time take each other's mail.
 *
 * @returns text for a file
 * @throws ClientError BAD_OPTION (the passphrase is short), STORE_DAMAGED, NO_IDENTITY (the client never ran)
 */
export async function exportIdentity(
  store: Store,
  network: string,
  unlock: Unlock,
  random: Random,
): Promise<string> {
  const record = await store.get('identity')
  if (record === undefined)
    throw new ClientError('NO_IDENTITY', 'export: the folder has no identity yet: start the client once')
  const identity = readRecord('identity', record, identitySchema)
  return `${JSON.stringify(makeVault(encode({ network, identity }), unlock, random), undefined, 1)}\n`
}

/**
 * Makes an empty store that identity's.
 *
 * @param where the file's name, for errors
 * @throws ClientError LOCKED, STORE_DAMAGED, STORE_NEWER, WRONG_NETWORK, BAD_OPTION (there is an identity already)
 */
export async function importIdentity(
  store: Store,
  network: string,
  file: { readonly text: string; readonly where: string },
  unlock: Unlock,
): Promise<void> {
  const content = openVault(readVault(file.text, file.where), unlock)
  const read = v.safeParse(schema, readContent(content, file.where))
  if (!read.success) throw new ClientError('STORE_DAMAGED', `${file.where}: holds no identity`)
  if (read.output.network !== network)
    throw new ClientError(
      'WRONG_NETWORK',
      `${file.where}: an identity of the network '${read.output.network}', not of '${network}'`,
    )
  if ((await store.get('identity')) !== undefined)
    throw new ClientError('BAD_OPTION', 'import: the folder has an identity: choose an empty one')
  await checkFormat(store)
  await store.batch([putRecord('identity', read.output.identity)])
}

function readContent(content: Uint8Array, where: string): unknown {
  try {
    return decode(content)
  } catch (cause) {
    throw new ClientError('STORE_DAMAGED', `${where}: holds no identity`, { cause })
  }
}
