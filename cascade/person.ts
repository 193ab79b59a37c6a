// The request by which somebody becomes a person of a mix-net (docs/spec/cascade.md 3).

import { hex } from '../encoding/bytes.ts'
import type { Group } from '../shuffle/index.ts'
import { isPoint } from '../shuffle/keys/suite.ts'
import { CascadeError } from './error.ts'
import type { Person } from './records.ts'
import { keyId, type Payload, type PayloadReader } from './signed.ts'

/** Reads a registration to its end. @throws CascadeError BAD_REQUEST */
export function readPerson(group: Group, payload: Payload, read: PayloadReader): Person {
  const keyData = read.bytes('key_data', 32)
  const name = read.text('name')
  read.text('peer_type', ['CLIENT'])
  const sealingKey = Object.hasOwn(payload, 'sealing_key') ? read.bytes('sealing_key', 32) : undefined
  read.end()
  // Others seal to it, traps too: a key to which nothing can be sealed would end their programs
  if (sealingKey !== undefined && !isPoint(group, sealingKey))
    throw new CascadeError('BAD_REQUEST', 'sealing_key: is no point')
  return { id: keyId(keyData), name, keyData, sealingKey: sealingKey && hex(sealingKey) }
}
