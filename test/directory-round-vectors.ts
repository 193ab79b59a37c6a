// The vectors of docs/spec/directory.md about a round: what authorities tell each other (8.5), and what becomes of it
// (7).

import { sharingSecretKey } from '../directory/authority/keys.ts'
import { nameBody, readBody, writeBody } from '../directory/documents/consensus.ts'
import {
  holderStatement,
  revealHash,
  type SignedVote,
  setHash,
  writeMessage,
} from '../directory/documents/message.ts'
import type { Contribution } from '../directory/randomness/beacon.ts'
import { openShare, readDealing, sharingOf, verifyOpening } from '../directory/randomness/sharing.ts'
import { tally } from '../directory/rounds/tally.ts'
import { type Statement, signStatement, statementBytes } from '../directory/statement.ts'
import { hex } from '../encoding/bytes.ts'
import { write } from '../encoding/cbor.ts'
import { dealtBy, idOf, signaturesOf, signer, signVote, voteOf } from '../simulator/directory-samples.ts'
import { seedOf } from '../simulator/directory-world.ts'
import {
  author,
  type DirectoryVector,
  descriptors,
  document,
  flipped,
  network,
  vector,
} from './directory-vector-form.ts'

export function messageVectors(): DirectoryVector[] {
  const vote = signVote(network, 0, voteOf(network, 0, descriptors))
  const second = network.authorities[1]?.id as Uint8Array
  const relay = holderStatement(network.name, vote, second)
  const entry = { signer: second, signature: signStatement(network.name, relay, signer('authority 1')) }
  const voteMessage = (signed: SignedVote): Uint8Array => writeMessage({ kind: 'vote', round: 0, signed })
  const set = [{ author, hash: vote.hash }]
  const setStatement: Statement = { kind: 'set', epoch: 0, signer: author, about: setHash(set) }
  const setMessage = (signature: Uint8Array): Uint8Array =>
    writeMessage({ kind: 'set', round: 0, signer: author, set, signature })
  const setSignature = signStatement(network.name, setStatement, signer('authority 0'))
  const [signature] = signaturesOf(network, document, vote.hash, 1)
  const unproven = { epoch: 0, hash: vote.hash, signatures: signaturesOf(network, 0, vote.hash, 1) }
  const stranger = { signer: idOf('stranger'), signature: new Uint8Array(64) }
  const dealt = dealtBy(network, 0, 0)
  const foreign = signVote(
    network,
    0,
    voteOf(network, 0, descriptors, { dealing: dealtBy(network, 1, 0).dealing }),
  )
  const reveal = (by: number, opened: Uint8Array): Uint8Array[] => {
    const about = {
      kind: 'reveal',
      epoch: 0,
      signer: idOf(`authority ${by}`),
      about: revealHash(author, opened),
    } as const
    const signature = signStatement(network.name, about, signer(`authority ${by}`))
    const message = {
      kind: 'reveal',
      round: 0,
      signer: about.signer,
      dealer: author,
      opened,
      signature,
    } as const
    return [writeMessage(message), statementBytes(network.name, about)]
  }
  const dealing = readDealing(sharingOf(network, 0, author), dealt.dealing)
  const [opening, openingSigned] = reveal(0, dealt.opening) as [Uint8Array, Uint8Array]
  const share = openShare(dealing, sharingSecretKey(seedOf('authority 1')))
  const [opened, openedSigned] = reveal(1, share) as [Uint8Array, Uint8Array]
  return [
    vector('message', 'reveal of the own secret', 'ok', 'what vote deals, opened', opening, {
      signed: openingSigned,
    }),
    vector('message', 'reveal of a share', 'ok', 'by another holder', opened, { signed: openedSigned }),
    vector(
      'message',
      'reveal with another opening',
      'BAD_SIGNATURE',
      'the opening is signed',
      flipped(opening, 0),
    ),
    vector(
      'message',
      'vote with the dealing of another',
      'BAD_PROOF',
      'dealt by authority 1',
      voteMessage(foreign),
    ),
    vector('message', 'vote', 'ok', 'from its author', voteMessage(vote), {
      name: vote.hash,
      signed: statementBytes(network.name, { kind: 'vote', epoch: 0, signer: author, about: vote.hash }),
    }),
    vector(
      'message',
      'vote passed on',
      'ok',
      'with a second signature; signed: by that one',
      voteMessage({ ...vote, signatures: [...vote.signatures, entry] }),
      { name: vote.hash, signed: statementBytes(network.name, relay) },
    ),
    vector(
      'message',
      'vote without its author',
      'BAD_SIGNATURE',
      'passed on by another only',
      voteMessage({ ...vote, signatures: [entry] }),
    ),
    vector(
      'message',
      'vote passed on by a stranger',
      'UNKNOWN_AUTHORITY',
      '',
      voteMessage({ ...vote, signatures: [...vote.signatures, stranger] }),
    ),
    vector(
      'message',
      'vote of another network',
      'WRONG_NETWORK',
      '',
      voteMessage(signVote(network, 0, voteOf(network, 0, descriptors, { network: 'elsewhere' }))),
    ),
    vector(
      'message',
      'vote that follows no document',
      'TOO_FEW_SIGNATURES',
      'the document before it has one signature',
      voteMessage(signVote(network, 0, voteOf(network, 0, descriptors, { previous: unproven }))),
    ),
    vector(
      'message',
      'vote with a key its node did not sign',
      'BAD_SIGNATURE',
      '',
      voteMessage(
        signVote(
          network,
          0,
          voteOf(
            network,
            0,
            descriptors.map(descriptor => ({ ...descriptor, serial: 8 })),
          ),
        ),
      ),
    ),
    vector('message', 'set', 'ok', '', setMessage(setSignature), {
      name: setHash(set),
      signed: statementBytes(network.name, setStatement),
    }),
    vector('message', 'set, forged', 'BAD_SIGNATURE', '', setMessage(new Uint8Array(64))),
    vector(
      'message',
      'signature',
      'ok',
      '',
      writeMessage({
        kind: 'signature',
        round: 0,
        epoch: document,
        hash: vote.hash,
        signer: author,
        signature: signature?.signature as Uint8Array,
      }),
    ),
    vector('message', 'a kind that there is not', 'BAD_DOCUMENT', '', write(['rumour', 0])),
  ]
}

export function tallyVectors(): DirectoryVector[] {
  const rest = descriptors.slice(1)
  const votes = [
    voteOf(network, 0, descriptors, { parameters: new Map([['hopDelayMs', 10]]) }),
    voteOf(network, 1, descriptors, { parameters: new Map([['hopDelayMs', 70]]) }),
    voteOf(network, 2, rest, { parameters: new Map([['hopDelayMs', 2 ** 40]]) }),
  ].map((vote, i) => signVote(network, i, vote))
  const openingOf = (i: number): Uint8Array => dealtBy(network, i, 0).opening
  const contributionOf = (i: number): Contribution => {
    const { author: dealer, dealing } = (votes[i] as SignedVote).vote
    return { dealer, value: verifyOpening(readDealing(sharingOf(network, 0, dealer), dealing), openingOf(i)) }
  }
  return [
    [0, 1, 2],
    [1, 2],
  ].map(counted => {
    const agreed = counted.map(i => votes[i] as SignedVote)
    const contributions = counted.map(contributionOf)
    const of = { network, epoch: document, votes: agreed.map(({ vote }) => vote), contributions }
    return {
      id: `${agreed.length} votes`,
      kind: 'tally',
      why: 'the document that these votes and openings make, the first of its network',
      bytes: agreed.map(({ bytes }) => hex(bytes)),
      openings: counted.map(i => hex(openingOf(i))),
      expect: 'ok',
      name: hex(nameBody(readBody(writeBody(tally(of)))).hash),
    }
  })
}
