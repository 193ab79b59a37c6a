// What a client keeps on disk: keys and records (docs/spec/client-store.md 11). Every key is named here.
//
//   version                      1
//   identity                     the secret keys and the gateways
//   identities                   of the first: the others, with the keys of their stores
//   homes                        former homes, and who is to be told of the present ones
//   entries                      the gateways by which it has entered, the last one in front
//   cursor/<gateway>             u64: what that gateway may delete
//   out/<seq>                    a message that was accepted: what is known of it
//   out-content/<seq>            its bytes, until it is over
//   out-progress/<seq>           which of its fragments are acknowledged
//   sent/<seq>                   a copy of what was handed over, where its sender wants to see it again
//   app/<name>                   an app that somebody here has asked for
//   in/<seq>                     a message that arrived: what is known of it
//   in-bytes/<seq>               its bytes
//   part/<id>/<index>            a fragment of a message that is not complete
//   contact/<sealing key>        somebody whom the owner knows, and what they are sealed to
//   receiving/<period>           the secret key of a period, to which contacts seal
//   owed/<id>/<word>             what the writer of a message is still to be told
//   told/<id>                    how often the writer of a message that comes again is told again
//   seen/<seq>                   the id of a complete one, by which a second copy is known
//   asked/<id>                   a message of ours that asked for replies
//   secret/<id>/<reply id>       the secret of a reply block that went with it
//   block/<id>/<n>               a reply block that came with a message
//   board-cursor/<gateway>       u64: where to go on with that gateway's board
//   board/<seq>                  an entry of the bulletin: what is known of it
//   board-bytes/<seq>            its bytes

import { decode, encode } from '@ipld/dag-cbor'
import * as v from 'valibot'
import type { Store } from '../../world/store.ts'
import { ClientError } from '../error.ts'

export type Operation =
  | { readonly type: 'put'; readonly key: string; readonly value: Uint8Array }
  | { readonly type: 'del'; readonly key: string }

/** Sequence numbers sort as text: 16 digits. */
export function sequence(value: number): string {
  return value.toString().padStart(16, '0')
}

export function put(key: string, value: Uint8Array): Operation {
  return { type: 'put', key, value }
}

export function del(key: string): Operation {
  return { type: 'del', key }
}

/** A record as dag-cbor; fields that are undefined are left out. */
export function putRecord(key: string, record: Readonly<Record<string, unknown>>): Operation {
  return put(
    key,
    encode(Object.fromEntries(Object.entries(record).filter(([, value]) => value !== undefined))),
  )
}

/** @throws ClientError STORE_DAMAGED */
export function readRecord<T>(key: string, value: Uint8Array, schema: v.GenericSchema<unknown, T>): T {
  try {
    return v.parse(schema, decode(value))
  } catch (cause) {
    throw new ClientError('STORE_DAMAGED', `store: ${key} cannot be read; restore the folder from a copy`, {
      cause,
    })
  }
}

const format = 1

/**
 * Checks that the store is one of ours, or makes it one.
 *
 * @throws ClientError STORE_NEWER, STORE_DAMAGED
 */
export async function checkFormat(store: Store): Promise<void> {
  const found = await store.get('version')
  if (found === undefined) return await store.put('version', Uint8Array.of(format))
  if (found.length !== 1) throw new ClientError('STORE_DAMAGED', 'store: version cannot be read')
  if ((found[0] as number) > format)
    throw new ClientError(
      'STORE_NEWER',
      `store: format ${found[0]} is newer than ${format}: update this program`,
    )
}

export const bytesOf = (length: number): v.GenericSchema<Uint8Array> =>
  v.pipe(
    v.instance(Uint8Array),
    v.check(bytes => bytes.length === length, `want ${length} bytes`),
  )
export const time: v.GenericSchema<number> = v.pipe(v.number(), v.minValue(0))
