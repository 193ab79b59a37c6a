// Makes test/vectors/directory-documents.json, the pinned vectors of docs/spec/directory.md:
//
//     node --conditions=chaffinch-source --import tsx test/directory-vectors.ts
//
// The same file comes out every time; a change of it is a change of the format.

import { writeFileSync } from 'node:fs'
import { nameBody, writeBody } from '../directory/documents/consensus.ts'
import { certificateBytes, signDescriptor, writeDescriptor } from '../directory/documents/descriptor.ts'
import { difference } from '../directory/documents/difference.ts'
import { writeDocument } from '../directory/documents/document.ts'
import { contradiction, evidenceOf, writeEvidence } from '../directory/documents/evidence.ts'
import {
  writeAnswer,
  writeDescriptors,
  writeNewest,
  writeRefusal,
  writeRequest,
} from '../directory/documents/exchange.ts'
import {
  approvalBytes,
  joinBytes,
  leaveBytes,
  signJoin,
  signLeave,
  writeJoin,
  writeLeave,
} from '../directory/documents/joining.ts'
import type { Network } from '../directory/documents/network.ts'
import { signStatistics, writeStatistics } from '../directory/documents/statistics.ts'
import { DirectoryError } from '../directory/error.ts'
import { tally } from '../directory/rounds/tally.ts'
import { digest, type Statement, signStatement, statementBytes } from '../directory/statement.ts'
import { compare, hex } from '../encoding/bytes.ts'
import { write } from '../encoding/cbor.ts'
import {
  bodyOf,
  contentOf,
  descriptorOf,
  descriptorsOf,
  idOf,
  signaturesOf,
  signer,
  voteOf,
} from '../simulator/directory-samples.ts'
import { packetKeyOf } from '../simulator/directory-world.ts'
import { badLogs, logVectors } from './directory-log-vectors.ts'
import { messageVectors, tallyVectors } from './directory-round-vectors.ts'
import {
  author,
  type DirectoryVector,
  type DirectoryVectorFile,
  descriptors,
  document,
  flipped,
  network,
  vector,
  vectorPath,
} from './directory-vector-form.ts'

function serviceVectors(): DirectoryVector[] {
  const service = (name: string) => ({ name, sealingKey: packetKeyOf(name, 0), mailboxKey: idOf(name) })
  const of = (...names: string[]): Uint8Array => {
    const services = names.map(service)
    return writeDescriptor(descriptorOf(network, 'gateway 0', 'gateway', document, { stable: { services } }))
  }
  const mix = descriptorOf(network, 'mix 0', 'mix', document, { stable: { services: [service('echo')] } })
  return [
    vector('descriptor', 'two services', 'ok', 'as many as a gateway announces', of('echo', 'ping')),
    vector('descriptor', 'three services', 'TOO_LARGE', 'at most two', of('a', 'b', 'c')),
    vector('descriptor', 'services out of order', 'NOT_CANONICAL', 'names rise', of('ping', 'echo')),
    vector('descriptor', 'service name', 'BAD_DOCUMENT', 'no control characters', of('a\u001b')),
    vector('descriptor', 'service of a mix', 'BAD_DOCUMENT', 'gateways only', writeDescriptor(mix)),
  ]
}

function capacityVectors(): DirectoryVector[] {
  const of = (role: 'gateway' | 'mix', capacity: number): Uint8Array =>
    writeDescriptor(descriptorOf(network, `${role} 0`, role, document, { stable: { capacity } }))
  return [
    vector('descriptor', 'highest capacity', 'ok', 'the class 23', of('gateway', 23)),
    vector('descriptor', 'capacity unstated', 'ok', 'the class 0', of('gateway', 0)),
    vector('descriptor', 'capacity too high', 'BAD_DOCUMENT', 'the class 24', of('gateway', 24)),
    vector('descriptor', 'capacity of a mix', 'BAD_DOCUMENT', 'gateways only', of('mix', 1)),
  ]
}

function descriptorVectors(): DirectoryVector[] {
  const plain = descriptorOf(network, 'mix 0', 'mix', document)
  const certificate = signer('operator')(certificateBytes(network.name, idOf('mix 0'), 9))
  const certified = { identity: idOf('operator'), certificate, certifiedUntil: 9 }
  const of = (epoch: number) => descriptorOf(network, 'mix 0', 'mix', epoch, { stable: certified })
  const forged = { identity: idOf('mix 1'), certificate, certifiedUntil: 9 }
  const bytes = writeDescriptor(plain)
  const long = descriptorOf(network, 'mix 0', 'mix', document, { stable: { family: 'x'.repeat(65) } })
  return [
    vector('descriptor', 'descriptor of a mix', 'ok', 'its own identity', bytes),
    vector(
      'descriptor',
      'descriptor of a gateway',
      'ok',
      'with a service',
      writeDescriptor(descriptorOf(network, 'gateway 0', 'gateway', document)),
    ),
    vector(
      'descriptor',
      'certified descriptor',
      'ok',
      'an identity key that is offline',
      writeDescriptor(of(9)),
    ),
    ...serviceVectors(),
    ...capacityVectors(),
    vector('descriptor', 'certificate over', 'OLD_EPOCH', 'it ends with epoch 9', writeDescriptor(of(10))),
    vector(
      'descriptor',
      'certificate by another identity',
      'BAD_SIGNATURE',
      'the named identity did not sign it',
      writeDescriptor(descriptorOf(network, 'mix 0', 'mix', document, { stable: forged })),
    ),
    vector('descriptor', 'signature changed', 'BAD_SIGNATURE', 'the last byte', flipped(bytes, 0)),
    vector('descriptor', 'key changed', 'BAD_SIGNATURE', 'a byte of the last packet key', flipped(bytes, 66)),
    vector(
      'descriptor',
      'signed for another network',
      'BAD_SIGNATURE',
      'the name of the network is under the signature',
      writeDescriptor(signDescriptor('elsewhere', contentOf('mix 0', 'mix', document), signer('mix 0'))),
    ),
    vector('descriptor', 'a byte too many', 'BAD_DOCUMENT', 'nothing may follow', Uint8Array.of(...bytes, 0)),
    vector('descriptor', 'cut short', 'BAD_DOCUMENT', 'the signature lacks a byte', bytes.subarray(0, -1)),
    vector('descriptor', 'long family', 'TOO_LARGE', '65 bytes of 64', writeDescriptor(long)),
    vector(
      'descriptor',
      'long form of a list',
      'NOT_CANONICAL',
      'the length 5 in two bytes',
      Uint8Array.of(0x98, 5, ...bytes.subarray(1)),
    ),
  ]
}

function consensusVectors(): DirectoryVector[] {
  const votes = network.authorities.map((_, i) => voteOf(network, i, descriptors))
  const body = tally({ network, epoch: document, votes })
  const named = nameBody(body)
  const after = nameBody(bodyOf(network, document + 1, descriptorsOf(network, document + 1, 3, 1), named))
  const signed = (bytes: Uint8Array, count = 3): Uint8Array =>
    writeDocument(bytes, signaturesOf(network, document, digest(bytes), count))
  const consensus = (id: string, expect: string, why: string, bytes: Uint8Array, name?: Uint8Array) =>
    vector('consensus', id, expect, why, bytes, name === undefined ? {} : { name })
  const statement: Statement = { kind: 'consensus', epoch: document, signer: author, about: named.hash }
  const wrong = (change: Partial<Network>): Uint8Array => {
    const of = { ...network, ...change }
    return signed(writeBody(tally({ network: of, epoch: document, votes })))
  }
  return [
    vector(
      'consensus',
      'three signatures',
      'ok',
      'all authorities; signed: by the first of them',
      signed(named.bytes),
      {
        name: named.hash,
        signed: statementBytes(network.name, statement),
      },
    ),
    consensus('two signatures', 'ok', 'the threshold', signed(named.bytes, 2), named.hash),
    consensus('one signature', 'TOO_FEW_SIGNATURES', 'below the threshold', signed(named.bytes, 1)),
    consensus('no signature', 'TOO_FEW_SIGNATURES', '', signed(named.bytes, 0)),
    consensus(
      'signature by a stranger',
      'ok',
      'two by known authorities are enough, the third is passed over',
      writeDocument(named.bytes, [
        ...signaturesOf(network, document, named.hash, 2),
        { signer: idOf('stranger'), signature: new Uint8Array(64) },
      ]),
      named.hash,
    ),
    consensus(
      'signatures for another epoch',
      'TOO_FEW_SIGNATURES',
      'the epoch is under the signature',
      writeDocument(named.bytes, signaturesOf(network, document + 1, named.hash, 3)),
    ),
    consensus('another name', 'WRONG_NETWORK', 'of another network', wrong({ name: 'elsewhere' })),
    consensus('another packet', 'WRONG_GEOMETRY', 'user data of 1000 bytes', wrong({ userBytes: 1000 })),
    consensus('another epoch length', 'WRONG_GEOMETRY', '', wrong({ epochMs: 30_000 })),
    consensus('another threshold', 'WRONG_AUTHORITIES', '', wrong({ threshold: 3 })),
    consensus(
      'valid for too long',
      'BAD_DOCUMENT',
      'the times follow from the epoch',
      signed(writeBody({ ...body, validUntil: body.validUntil + 1 })),
    ),
    consensus(
      'a gateway in a layer',
      'BAD_DOCUMENT',
      'gateways have place 0',
      signed(writeBody({ ...body, nodes: body.nodes.map(node => ({ ...node, place: 1 })) })),
    ),
    consensus(
      'nodes out of order',
      'NOT_CANONICAL',
      'they are ordered by id',
      signed(writeBody({ ...body, nodes: [...body.nodes].reverse() })),
    ),
    consensus(
      'a key its node did not sign',
      'BAD_SIGNATURE',
      'authorities cannot invent keys',
      signed(
        writeBody({
          ...body,
          nodes: body.nodes.map(node => ({ ...node, descriptor: { ...node.descriptor, serial: 8 } })),
        }),
      ),
    ),
    consensus(
      'the document after it',
      'ok',
      'its log has one entry',
      writeDocument(after.bytes, signaturesOf(network, document + 1, after.hash, 3)),
      after.hash,
    ),
    ...badLogs.map(([id, change]) =>
      consensus(
        id,
        'BAD_DOCUMENT',
        'a log of the documents before it',
        signed(writeBody({ ...body, ...change })),
      ),
    ),
    consensus('another version', 'BAD_DOCUMENT', 'version 2', signed(withVersion(named.bytes, 2))),
    consensus('a body of nothing', 'BAD_DOCUMENT', '', writeDocument(new Uint8Array(0), [])),
  ]
}

/** The key `version` is followed by one byte. */
function withVersion(body: Uint8Array, version: number): Uint8Array {
  const at = Buffer.from(body).indexOf('gversion') + 'gversion'.length
  const out = body.slice()
  out[at] = version
  return out
}

function statisticsVectors(): DirectoryVector[] {
  const rows = [
    { index: 0, sent: 10, returned: 9 },
    { index: 2, sent: 7, returned: 0 },
  ]
  const content = { reporter: idOf('mix 0'), half: 3, document: new Uint8Array(32).fill(1), rows }
  const made = signStatistics(network.name, content, signer('mix 0'))
  const bytes = writeStatistics(made)
  const out = writeStatistics({ ...made, rows: rows.toReversed() })
  const more = writeStatistics({ ...made, rows: [{ index: 0, sent: 1, returned: 2 }] })
  return [
    vector('statistics', 'of two nodes', 'ok', '', bytes),
    vector('statistics', 'forged', 'BAD_SIGNATURE', '', flipped(bytes, 0)),
    vector('statistics', 'rows out of order', 'NOT_CANONICAL', '', out),
    vector('statistics', 'more came back than were sent', 'BAD_DOCUMENT', '', more),
  ]
}

function evidenceVectors(): DirectoryVector[] {
  const said = [1, 2].map(byte => {
    const about = new Uint8Array(32).fill(byte)
    const statement: Statement = { kind: 'consensus', epoch: 7, signer: author, about }
    return { about, signature: signStatement(network.name, statement, signer('authority 0')) }
  })
  const [a, b] = said as [(typeof said)[0], (typeof said)[0]]
  const accused = { kind: 'consensus', epoch: 7, signer: author } as const
  const bytes = writeEvidence(evidenceOf(accused, a, b))
  return [
    vector('evidence', 'two documents of one epoch', 'ok', '', bytes, { name: digest(bytes) }),
    vector(
      'evidence',
      'one statement twice',
      'NOT_CANONICAL',
      'no contradiction',
      writeEvidence({ ...accused, said: [a, a] }),
    ),
    vector(
      'evidence',
      'in the other order',
      'NOT_CANONICAL',
      '',
      writeEvidence({ ...accused, said: [b, a] }),
    ),
    vector('evidence', 'a forged statement', 'BAD_SIGNATURE', '', flipped(bytes, 0)),
    vector(
      'evidence',
      'relays',
      'BAD_DOCUMENT',
      'passing on two votes is no contradiction',
      write(['relay', 7, author, [a.about, a.signature], [b.about, b.signature]]),
    ),
    ...nodeEvidenceVectors(),
  ]
}

function nodeEvidenceVectors(): DirectoryVector[] {
  const of = (serial: number, family: string) =>
    descriptorOf(network, 'mix 0', 'mix', document, { serial, stable: { family } })
  const proof = contradiction(of(7, ''), of(7, 'other'))
  const [a, b] = [contradiction(of(7, ''), of(7, 'x')), contradiction(of(8, ''), of(8, 'x'))]
  if (proof === undefined || a === undefined || b === undefined) throw new Error('no contradiction')
  const bytes = writeEvidence(proof)
  const later = evidenceOf(a, a.said[0], b.said[0])
  return [
    vector('evidence', 'two descriptors of one serial', 'ok', 'a node', bytes, { name: digest(bytes) }),
    vector(
      'evidence',
      'two descriptors of two serials',
      'BAD_DOCUMENT',
      'the later one counts',
      writeEvidence(later),
    ),
    vector('evidence', 'a forged descriptor', 'BAD_SIGNATURE', '', flipped(bytes, 0)),
  ]
}

function joiningVectors(): DirectoryVector[] {
  const { name } = network
  const [id, until, contact] = [idOf('mix 0'), 9, 'me@example.org']
  const sign = signer('operator')
  const approved = { id, role: 'mix', family: 'mine', certifiedUntil: until } as const
  const certified = {
    family: 'mine',
    identity: idOf('operator'),
    certificate: sign(certificateBytes(name, id, until)),
    certifiedUntil: until,
  }
  const { stable } = contentOf('mix 0', 'mix', 2, { stable: certified })
  const approval = sign(approvalBytes(name, approved, contact))
  const asked = { stable, epoch: 1, serial: 250, contact, approval }
  const join = (asks: typeof asked): Uint8Array => writeJoin(signJoin(name, asks, signer('mix 0')))
  const signed = joinBytes(name, asked)
  const note = { id, epoch: 1, serial: 250 }
  const left = writeLeave(signLeave(name, note, signer('mix 0')))
  const own = contentOf('mix 0', 'mix', 2).stable
  return [
    vector('join', 'a certified node', 'ok', 'signed by the node and by its identity', join(asked), {
      signed,
    }),
    vector(
      'join',
      'its own identity',
      'ok',
      '',
      join({ ...asked, stable: own, approval: new Uint8Array(0) }),
    ),
    vector(
      'join',
      'another contact',
      'BAD_SIGNATURE',
      'the identity approved of another',
      join({ ...asked, contact: '' }),
    ),
    vector(
      'join',
      'another family',
      'BAD_SIGNATURE',
      '',
      join({ ...asked, stable: { ...stable, family: '' } }),
    ),
    vector(
      'join',
      'after the certificate',
      'OLD_EPOCH',
      'it ends with epoch 9',
      join({ ...asked, epoch: 10 }),
    ),
    vector('join', 'signature changed', 'BAD_SIGNATURE', 'the last byte', flipped(join(asked), 0)),
    vector('leave', 'a note', 'ok', '', left, { signed: leaveBytes(name, note) }),
    vector('leave', 'signature changed', 'BAD_SIGNATURE', 'the last byte', flipped(left, 0)),
  ]
}

function exchangeVectors(): DirectoryVector[] {
  const hash = new Uint8Array(32).fill(3)
  const request = (id: string, bytes: Uint8Array, expect = 'ok') => vector('request', id, expect, '', bytes)
  const answer = (id: string, bytes: Uint8Array, expect = 'ok') => vector('answer', id, expect, '', bytes)
  return [
    request('document of an epoch', writeRequest({ ask: 'document', epoch: 7 })),
    request('document of now', writeRequest({ ask: 'document', epoch: null })),
    request('head', writeRequest({ ask: 'head', pointer: hash })),
    request('the end of the log', writeRequest({ ask: 'log', page: null })),
    request('a page of the log', writeRequest({ ask: 'log', page: 1024 })),
    request('join', writeRequest({ ask: 'join', request: hash })),
    request('leave', writeRequest({ ask: 'leave', note: hash })),
    request('upload', writeRequest({ ask: 'upload', descriptor: hash })),
    request('time', writeRequest({ ask: 'time' })),
    request('change', writeRequest({ ask: 'change', after: 7 })),
    request('hello', writeRequest({ ask: 'hello' })),
    request('missing', writeRequest({ ask: 'missing', epoch: 7, have: [hash] })),
    request('body', writeRequest({ ask: 'body', hash })),
    request('difference', writeRequest({ ask: 'difference', from: hash, epoch: 7 })),
    request('voting', writeRequest({ ask: 'voting', message: hash })),
    request('unknown', write(['everything']), 'BAD_DOCUMENT'),
    answer('nothing', writeAnswer()),
    answer('newest', writeAnswer(writeNewest(7))),
    answer('descriptors', writeAnswer(writeDescriptors([hash]))),
    answer('refused', writeRefusal(new DirectoryError('LATE', 'round 7: descriptor while in votes')), 'LATE'),
    answer('refused for a reason unheard of', write(['refused', 'WHATEVER', '']), 'UNAVAILABLE'),
  ]
}

function differenceVectors(): DirectoryVector[] {
  const changed = { stable: { addresses: ['/ip4/127.0.0.2/tcp/4001'] } }
  // Of three mixes and a gateway one has left, one has another address, one has replaced its keys, and one has come.
  const next = [
    descriptorOf(network, 'mix 0', 'mix', document + 1, changed),
    descriptorOf(network, 'mix 1', 'mix', document + 1, {
      keys: [7, 8, 9].map(e => packetKeyOf('mix 1', e)),
    }),
    descriptorOf(network, 'mix 3', 'mix', document + 1),
    descriptorOf(network, 'gateway 0', 'gateway', document + 1),
  ].sort((a, b) => compare(a.stable.id, b.stable.id))
  const body = bodyOf(network, document, descriptors)
  const before = nameBody(body)
  const votes = network.authorities.map((_, i) => voteOf(network, i, next))
  const after = nameBody(tally({ network, epoch: document + 1, votes, before: { ...before, body } }))
  const told = difference(before.bytes, after.bytes)
  const later = nameBody({ ...after.body, epoch: document + 2 })
  const make = (id: string, expect: string, why: string, bytes: Uint8Array): DirectoryVector => ({
    id,
    kind: 'difference',
    why,
    bytes: [hex(before.bytes), hex(bytes)],
    expect,
    ...(expect === 'ok' ? { name: hex(after.hash) } : {}),
  })
  return [
    make('difference', 'ok', 'a node left, one moved, one replaced its keys, one came', told),
    make(
      'difference of the same',
      'BAD_DOCUMENT',
      'told from another document',
      difference(after.bytes, later.bytes),
    ),
    make(
      'difference that leads elsewhere',
      'BAD_DOCUMENT',
      'the name of the result is another',
      flipped(told, told.length - 50),
    ),
    make('difference with a byte too many', 'BAD_DOCUMENT', 'nothing may follow', Uint8Array.of(...told, 0)),
  ]
}

export function directoryVectors(): DirectoryVectorFile {
  return {
    about:
      'Documents and messages of the directory. Bytes are hexadecimal. docs/spec/directory.md says what is read and in which order it is checked.',
    network: {
      ...network,
      authorities: network.authorities.map(({ id, sharingKey, addresses }) => ({
        id: hex(id),
        sharingKey: hex(sharingKey),
        addresses,
      })),
    },
    vectors: [
      ...descriptorVectors(),
      ...consensusVectors(),
      ...messageVectors(),
      ...evidenceVectors(),
      ...logVectors(),
      ...statisticsVectors(),
      ...joiningVectors(),
      ...exchangeVectors(),
      ...differenceVectors(),
      ...tallyVectors(),
    ],
  }
}

if (process.argv[1] === import.meta.filename)
  writeFileSync(vectorPath, `${JSON.stringify(directoryVectors(), null, 1)}\n`)
