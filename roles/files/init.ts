// Writes the files that a role is started with, and its key, as `chaffinch init` and a network of processes need them.

import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { authorityEntry } from '../../directory/authority/index.ts'
import { type AuthorityEntry, ed25519PublicKey } from '../../directory/index.ts'
import { fromHex } from '../../encoding/bytes.ts'
import { CommandError } from '../../encoding/command-line.ts'
import { writeKey, writeNew } from './folder.ts'
import {
  type AuthorityDraft,
  authorityText,
  type ClientDraft,
  clientText,
  type NetworkDraft,
  type NodeDraft,
  networkText,
  nodeText,
  type ParameterDraft,
} from './init-files.ts'
import { type MemberDraft, memberText } from './init-member.ts'

/** Writes network.toml. */
export function initNetwork(file: string, draft: NetworkDraft): void {
  writeNew(file, networkText(draft))
}

/** Writes DIR/authority.toml and its key; gives the authority as network.toml has it. */
export function initAuthority(
  folder: string,
  draft: AuthorityDraft,
  parameters?: ParameterDraft,
): AuthorityEntry {
  const file = join(folder, 'authority.toml')
  const seed = initServer(folder, 'authority', file, authorityText(file, draft, parameters))
  return authorityEntry(seed, draft.announce ?? draft.listen)
}

/** Writes DIR/mix.toml or DIR/gateway.toml and its key; gives its public key. */
export function initNode(folder: string, role: 'mix' | 'gateway', draft: NodeDraft): Uint8Array {
  const file = join(folder, `${role}.toml`)
  return ed25519PublicKey(initServer(folder, role, file, nodeText(file, role, draft)))
}

/** Writes DIR/member.toml and its key; gives its public key. */
export function initMember(folder: string, draft: MemberDraft): Uint8Array {
  const file = join(folder, 'member.toml')
  return ed25519PublicKey(initServer(folder, 'member', file, memberText(file, draft)))
}

/** Writes DIR/client.toml. A client makes its keys at its first start. */
export function initClient(folder: string, draft: ClientDraft): void {
  const file = join(folder, 'client.toml')
  writeNew(file, clientText(file, draft))
}

/** Writes a file and the key that it names; gives the key's seed. */
function initServer(folder: string, role: string, file: string, text: string): Uint8Array {
  if (existsSync(file)) {
    throw new CommandError(
      'FAILED',
      `${file}: is there already`,
      'nothing was overwritten; choose another folder',
    )
  }
  const seed = writeKey(join(folder, 'identity.key'), `${role} identity`, ed25519PublicKey)
  writeNew(file, text)
  return seed
}

/** Reads what `init authority` printed: ID@ADDRESS[,ADDRESS...]#SHARINGKEY. */
export function readAuthorityLine(line: string): AuthorityEntry {
  const match = /^([0-9a-f]{64})@(\/[^\s#]+)#([0-9a-f]{64})$/.exec(line.trim())
  if (match === null) {
    throw new CommandError(
      'USAGE',
      `authority ${line}: want ID@ADDRESS#SHARINGKEY, the line that 'chaffinch init authority' prints`,
    )
  }
  const [, id, addresses, sharingKey] = match as unknown as [string, string, string, string]
  return { id: fromHex(id), sharingKey: fromHex(sharingKey), addresses: addresses.split(',') }
}
