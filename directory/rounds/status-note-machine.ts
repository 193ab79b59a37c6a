// Tells how authorities come to a note (docs/spec/directory-voting.md 8.11), as a pure function: opinions -> signatures
// -> signed | none. Each tells the others once whom it finds dead, signs once what t of them find, and never speaks of
// an epoch again.

import { compare, hex, same } from '../../encoding/bytes.ts'
import { write } from '../../encoding/cbor.ts'
import { type Evidence, evidenceOf } from '../documents/evidence.ts'
import { epochStart, type Network } from '../documents/network.ts'
import {
  type NamedNote,
  nameNote,
  noteLimits,
  notePhases,
  readIds,
  spare,
  writeSignedNote,
} from '../documents/status-note.ts'
import type { View } from '../documents/view.ts'
import { DirectoryError } from '../error.ts'
import { Reader } from '../reader.ts'
import { digest, type Sign, signStatement, verifyStatement } from '../statement.ts'

/** Holds what an authority finds in half an epoch: the dead nodes of a document, in its opinion. */
export interface Opinion {
  readonly kind: 'opinion'
  readonly epoch: number
  /** 32 bytes: an authority. */
  readonly signer: Uint8Array
  /** 32 bytes: the name of the document in use. */
  readonly document: Uint8Array
  /** Ids of its nodes that are dead, ordered. */
  readonly nodes: readonly Uint8Array[]
  readonly signature: Uint8Array
}

export interface NoteSignature {
  readonly kind: 'signature'
  readonly epoch: number
  readonly signer: Uint8Array
  /** 32 bytes: the note's name. */
  readonly hash: Uint8Array
  readonly signature: Uint8Array
}

export type NoteMessage = Opinion | NoteSignature

export interface NoteRules {
  readonly network: Network
  /** 32 bytes: this authority. */
  readonly id: Uint8Array
  readonly sign: Sign
}

/** By the hex of the signer. */
type BySigner<T> = ReadonlyMap<string, T>

export type NoteState =
  | {
      readonly at: 'opinions'
      readonly epoch: number
      /** The document in use. */
      readonly view: View
      readonly heard: BySigner<Opinion>
      /** Signers that said two things count with none. */
      readonly liars: ReadonlySet<string>
    }
  | {
      readonly at: 'signatures'
      readonly epoch: number
      readonly named: NamedNote
      readonly heard: BySigner<NoteSignature>
    }
  | { readonly at: 'signed'; readonly epoch: number; readonly bytes: Uint8Array }
  | { readonly at: 'none'; readonly epoch: number; readonly why: 'too few opinions' | 'too few signatures' }

export type NoteAction =
  /** To every other authority, again until it is acknowledged. */
  | { readonly do: 'send'; readonly message: NoteMessage }
  | { readonly do: 'accuse'; readonly evidence: Evidence }
  | { readonly do: 'publish'; readonly bytes: Uint8Array }

export type NoteStepped = [NoteState, readonly NoteAction[]]

/**
 * The note of an epoch begins with the own opinion. It is on disk before this is called, so that an authority that was
 * started again says nothing more in this epoch.
 *
 * @param dead hex ids
 */
export function beginNote(rules: NoteRules, epoch: number, view: View, dead: Iterable<string>): NoteStepped {
  const running = [...dead].map(id => view.nodes.get(id)).filter(node => node?.running === true)
  const nodes = running
    .flatMap(node => (node === undefined ? [] : [node.id]))
    .sort(compare)
    .slice(0, noteLimits.nodes)
  const content = { epoch, signer: rules.id, document: view.hash, nodes }
  const statement = { kind: 'opinion', epoch, signer: rules.id, about: opinionHash(content) } as const
  const signature = signStatement(rules.network.name, statement, rules.sign)
  const message: Opinion = { kind: 'opinion', ...content, signature }
  const heard = new Map([[hex(rules.id), message]])
  return [{ at: 'opinions', epoch, view, heard, liars: new Set() }, [{ do: 'send', message }]]
}

/** When a phase ends, milliseconds since 1970-01-01 UTC; never for an end state. */
export function notePhaseEnd(network: Network, { at, epoch }: NoteState): number {
  if (at === 'opinions') return epochStart(network, epoch + notePhases.signatures)
  if (at === 'signatures') return epochStart(network, epoch + notePhases.end)
  return Number.POSITIVE_INFINITY
}

/**
 * @param message verified before (`openNoteMessage`); undefined: time alone
 * @throws DirectoryError WRONG_STATE (its phase has not begun), LATE (it is over, or of another epoch)
 */
export function stepNote(
  rules: NoteRules,
  state: NoteState,
  message: NoteMessage | undefined,
  now: number,
): NoteStepped {
  const [there, actions] = settle(rules, state, now)
  if (message === undefined) return [there, actions]
  if (message.epoch !== there.epoch) {
    throw new DirectoryError(message.epoch > there.epoch ? 'WRONG_STATE' : 'LATE', `note of ${message.epoch}`)
  }
  const [next, more] = take(there, message)
  return [next, [...actions, ...more]]
}

function settle(rules: NoteRules, state: NoteState, now: number): NoteStepped {
  if (now < notePhaseEnd(rules.network, state)) return [state, []]
  if (state.at === 'opinions') {
    const [next, actions] = signNote(rules, state)
    const [end, more] = settle(rules, next, now)
    return [end, [...actions, ...more]]
  }
  return state.at === 'signatures' ? publish(rules, state) : [state, []]
}

/** Signs whom t authorities find dead, but never the last ones of a layer. */
function signNote(rules: NoteRules, state: Extract<NoteState, { at: 'opinions' }>): NoteStepped {
  const { network, id, sign } = rules
  const { epoch, view, heard, liars } = state
  const counted = [...heard.entries()]
    .filter(([signer, { document }]) => !liars.has(signer) && same(document, view.hash))
    .map(([, opinion]) => opinion)
  if (counted.length < network.threshold) return [{ at: 'none', epoch, why: 'too few opinions' }, []]
  const counts = new Map<string, number>()
  for (const node of counted.flatMap(({ nodes }) => nodes)) {
    counts.set(hex(node), (counts.get(hex(node)) ?? 0) + 1)
  }
  const dead = new Set([...counts].filter(([, count]) => count >= network.threshold).map(([node]) => node))
  const nodes = [...spare(view, dead)]
    .flatMap(node => view.nodes.get(node)?.id ?? [])
    .sort(compare)
    .slice(0, noteLimits.nodes)
  const named = nameNote({ network: network.name, epoch, document: view.hash, nodes })
  const statement = { kind: 'note', epoch, signer: id, about: named.hash } as const
  const signature = signStatement(network.name, statement, sign)
  const message: NoteSignature = { kind: 'signature', epoch, signer: id, hash: named.hash, signature }
  return [{ at: 'signatures', epoch, named, heard: new Map([[hex(id), message]]) }, [{ do: 'send', message }]]
}

function publish(rules: NoteRules, state: Extract<NoteState, { at: 'signatures' }>): NoteStepped {
  const { epoch, named, heard } = state
  const signatures = [...heard.values()].filter(({ hash }) => same(hash, named.hash))
  if (signatures.length < rules.network.threshold) {
    return [{ at: 'none', epoch, why: 'too few signatures' }, []]
  }
  const bytes = writeSignedNote(named.bytes, signatures)
  return [{ at: 'signed', epoch, bytes }, [{ do: 'publish', bytes }]]
}

function take(state: NoteState, message: NoteMessage): NoteStepped {
  if (message.kind === 'opinion') {
    if (state.at !== 'opinions') throw new DirectoryError('LATE', `note of ${state.epoch}: ${state.at}`)
    const have = state.heard.get(hex(message.signer))
    if (have === undefined) {
      return [{ ...state, heard: new Map(state.heard).set(hex(message.signer), message) }, []]
    }
    const [a, b] = [opinionHash(have), opinionHash(message)]
    if (same(a, b)) return [state, []]
    const evidence = evidenceOf(
      { kind: 'opinion', epoch: state.epoch, signer: message.signer },
      { about: a, signature: have.signature },
      { about: b, signature: message.signature },
    )
    return [{ ...state, liars: new Set(state.liars).add(hex(message.signer)) }, [{ do: 'accuse', evidence }]]
  }
  if (state.at === 'opinions') throw new DirectoryError('WRONG_STATE', `note of ${state.epoch}: opinions`)
  if (state.at !== 'signatures') throw new DirectoryError('LATE', `note of ${state.epoch}: ${state.at}`)
  const have = state.heard.get(hex(message.signer))
  if (have === undefined) {
    return [{ ...state, heard: new Map(state.heard).set(hex(message.signer), message) }, []]
  }
  if (same(have.hash, message.hash)) return [state, []]
  const evidence = evidenceOf(
    { kind: 'note', epoch: state.epoch, signer: message.signer },
    { about: have.hash, signature: have.signature },
    { about: message.hash, signature: message.signature },
  )
  return [state, [{ do: 'accuse', evidence }]]
}

function opinionHash({ document, nodes }: Pick<Opinion, 'document' | 'nodes'>): Uint8Array {
  return digest(write([document, nodes]))
}

/** ["opinion", epoch, signer, document, [id, …], signature], or ["signature", epoch, signer, hash, signature] */
export function writeNoteMessage(message: NoteMessage): Uint8Array {
  const { kind, epoch, signer, signature } = message
  return message.kind === 'opinion'
    ? write([kind, epoch, signer, message.document, message.nodes, signature])
    : write([kind, epoch, signer, message.hash, signature])
}

/**
 * Read, and signed by an authority.
 *
 * @param networkFor the network with the authorities that make the document of an epoch
 * @throws DirectoryError as the reader; UNKNOWN_AUTHORITY; BAD_SIGNATURE
 */
export function openNoteMessage(networkFor: (document: number) => Network, bytes: Uint8Array): NoteMessage {
  if (bytes.length > noteLimits.bytes) throw new DirectoryError('TOO_LARGE', 'note message')
  const read = new Reader(bytes, 'note message')
  const fields = read.list(6)
  const kind = read.item('kind').text(16)
  const wanted = { opinion: 6, signature: 5 }[kind]
  if ((kind !== 'opinion' && kind !== 'signature') || fields !== wanted) {
    throw read.fail('BAD_DOCUMENT', `${JSON.stringify(kind)} of ${fields} fields`)
  }
  const epoch = read.item('epoch').uint()
  const signer = read.item('signer').bytes(32)
  const about = read.item('about').bytes(32)
  const nodes = kind === 'opinion' ? readIds(read.item('nodes')) : []
  const signature = read.item('signature').bytes(64)
  read.end()
  const network = networkFor(epoch + 1)
  if (!network.authorities.some(({ id }) => same(id, signer))) {
    throw new DirectoryError('UNKNOWN_AUTHORITY', `note message: ${hex(signer)}`)
  }
  const message: NoteMessage =
    kind === 'opinion'
      ? { kind, epoch, signer, document: about, nodes, signature }
      : { kind, epoch, signer, hash: about, signature }
  const said = message.kind === 'opinion' ? opinionHash(message) : message.hash
  const statement = { kind: kind === 'opinion' ? 'opinion' : 'note', epoch, signer, about: said } as const
  if (!verifyStatement(network.name, statement, signature)) {
    throw new DirectoryError('BAD_SIGNATURE', `note message: not signed by ${hex(signer)}`)
  }
  return message
}
