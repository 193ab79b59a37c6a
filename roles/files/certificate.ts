// The file in which an operator's offline identity key vouches for a node's key (docs/spec/directory-nodes.md 5.4).

import * as v from 'valibot'
import {
  approvalBytes,
  type Certified,
  certificateBytes,
  ed25519Verify,
  type Sign,
} from '../../directory/index.ts'
import { fromHex, hex } from '../../encoding/bytes.ts'
import { CommandError } from '../../encoding/command-line.ts'
import { field } from '../../encoding/toml.ts'
import { readToml } from './read.ts'

/** The statements that an operator vouches for. */
export interface Certifies {
  readonly network: string
  /** 32 bytes: the node's key. */
  readonly node: Uint8Array
  readonly role: 'mix' | 'gateway'
  readonly family: string
  readonly contact: string
  /** The last epoch. */
  readonly until: number
}

function bytes(length: number): v.GenericSchema<string, Uint8Array> {
  return v.pipe(
    v.string(),
    v.regex(new RegExp(`^[0-9a-f]{${2 * length}}$`), `want ${2 * length} hexadecimal digits`),
    v.transform(digits => fromHex(digits)),
  )
}

const schema = v.strictObject({
  network: field(v.string(), '"demo"'),
  node: field(bytes(32), '"the node\'s id"'),
  role: v.picklist(['mix', 'gateway']),
  family: v.string(),
  contact: v.string(),
  until: v.pipe(v.number(), v.integer(), v.minValue(0)),
  identity: field(bytes(32), '"the operator\'s identity"'),
  certificate: field(bytes(64), '"a signature"'),
  approval: field(bytes(64), '"a signature"'),
})

/** @param identity 32 bytes: whose key `sign` has */
export function certificateText(certifies: Certifies, identity: Uint8Array, sign: Sign): string {
  const { network, node, role, family, contact, until } = certifies
  const certificate = sign(certificateBytes(network, node, until))
  const approval = sign(approvalBytes(network, { id: node, role, family, certifiedUntil: until }, contact))
  const lines = { network, node: hex(node), role, family, contact, until, identity: hex(identity) }
  const signatures = { certificate: hex(certificate), approval: hex(approval) }
  return [
    "# What an operator's identity key says about a node: written by 'chaffinch key certify', no secret.",
    ...Object.entries({ ...lines, ...signatures }).map(([key, value]) => `${key} = ${JSON.stringify(value)}`),
    '',
  ].join('\n')
}

/**
 * Reads a certificate and checks its two signatures.
 *
 * @throws CommandError CONFIG naming the file and what is wrong
 */
export function readCertificate(file: string): Certifies & Certified {
  const read = readToml(file, schema)
  const { network, node: id, role, family, contact, until, identity, certificate, approval } = read
  const approved = approvalBytes(network, { id, role, family, certifiedUntil: until }, contact)
  const holds =
    ed25519Verify(identity, certificateBytes(network, id, until), certificate) &&
    ed25519Verify(identity, approved, approval)
  if (holds) return read
  throw new CommandError(
    'CONFIG',
    `${file}: not signed by the identity that it names`,
    'write it again with chaffinch key certify',
  )
}

/**
 * The certificate of this node, which says the same as its configuration.
 *
 * @throws CommandError CONFIG naming the file, the field and what to do
 */
export function certificateFor(file: string, want: Omit<Certifies, 'until'>): Certifies & Certified {
  const read = readCertificate(file)
  const differs = (['network', 'role', 'family', 'contact'] as const).find(key => read[key] !== want[key])
  if (hex(read.node) !== hex(want.node)) {
    throw new CommandError(
      'CONFIG',
      `${file}: node: is for ${hex(read.node)}, this node is ${hex(want.node)}`,
    )
  }
  if (differs === undefined) return read
  throw new CommandError(
    'CONFIG',
    `${file}: ${differs}: says ${JSON.stringify(read[differs])}, the node's file ${JSON.stringify(want[differs])}`,
    `write the certificate again with chaffinch key certify, or correct '${differs}'`,
  )
}
