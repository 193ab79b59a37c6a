// Whom packets can be for (docs/spec/packets.md 6 and 9).

import { fromHex } from '../../encoding/bytes.ts'
import type { Group } from '../../shuffle/index.ts'
import { isPoint } from '../../shuffle/keys/suite.ts'
import type { Board } from '../board.ts'
import { isHex, sha256Hex } from '../signed.ts'

/** Names somebody with the key that is sealed to: the board's word is not needed then. */
export interface Recipient {
  /** 32 bytes in hexadecimal. */
  readonly id: string
  /** A point of 32 bytes in hexadecimal. */
  readonly sealing_key: string
}

/** Says whether a message can be sealed to whoever this is. */
export function isRecipient(group: Group, { id, sealing_key }: Recipient): boolean {
  return isHex(id, 32) && isHex(sealing_key, 32) && isPoint(group, fromHex(sealing_key))
}

/** Marks a message by whom it is for and what it says. */
export function markOf({ id }: Recipient, bytes: string): string {
  return sha256Hex(fromHex(id + bytes))
}

/** Lists everybody who takes messages; who decides about a peer does not. */
export function recipientsOf(board: Board): readonly Recipient[] {
  const owners = new Set([...board.peers.values()].flatMap(peer => peer.owners))
  return [...board.persons.values()].flatMap(({ id, sealingKey }) =>
    sealingKey === undefined || owners.has(id) ? [] : [{ id, sealing_key: sealingKey }],
  )
}
