// What happens in a run, as values: whoever shows it says it in words of their own. These here are English.

/** Something that happened. */
export type Happened =
  /** Epochs were lengthened, since work takes so many times as long here as elsewhere. */
  | { readonly event: 'slow'; readonly times: number; readonly epochMs: number; readonly usualMs: number }
  | { readonly event: 'starting'; readonly processes: number; readonly atOnce: number }
  | { readonly event: 'started'; readonly processes: number }
  | { readonly event: 'consensus'; readonly epoch: number; readonly signers: number; readonly hash: string }
  | { readonly event: 'ready' }
  | { readonly event: 'handed' }
  | { readonly event: 'killed'; readonly name: string; readonly inFlight: number }
  | { readonly event: 'back'; readonly name: string }
  | { readonly event: 'orphaned' }
  /** Everybody goes on until then, milliseconds since 1970-01-01 UTC. */
  | { readonly event: 'late'; readonly worksUntil: number }
  /** A process ended that nobody told to: how, and the last lines of its log. */
  | { readonly event: 'died'; readonly name: string; readonly how: string; readonly log: string }
  | { readonly event: 'by-hand'; readonly name: string; readonly act: 'kill' | 'stop' | 'resume' | 'start' }
  | { readonly event: 'not-accepted'; readonly name: string; readonly message: number }
  | { readonly event: 'not-answered'; readonly name: string; readonly message: number; readonly why: string }
  | { readonly event: 'no-document'; readonly epoch: number; readonly why: string }
  | { readonly event: 'round'; readonly at: string }
  | { readonly event: 'peers-meet'; readonly peers: number }
  | { readonly event: 'persons-meet'; readonly persons: number }
  | { readonly event: 'joined'; readonly transaction: string; readonly receipts: number | undefined }
  | { readonly event: 'not-joined' }
  | { readonly event: 'crowd'; readonly members: number; readonly colluders: number }
  | { readonly event: 'ending' }
  | { readonly event: 'ended' }
  /** Holds what a trial says beside all that. */
  | { readonly event: 'said'; readonly words: string }

type Of<E extends Happened['event']> = Extract<Happened, { readonly event: E }>

/** Words for everything that happens, in one language. */
export type WordsOfHappened = { readonly [E in Happened['event']]: (of: Of<E>) => string }

const english: WordsOfHappened = {
  slow: ({ times, epochMs, usualMs }) =>
    `this machine is slow or busy (work takes ${times.toFixed(1)} times as long): epochs of ${epochMs / 1000} s, not ${usualMs / 1000} s`,
  starting: ({ processes, atOnce }) => `starting ${processes} processes, ${atOnce} at a time`,
  started: ({ processes }) => `started ${processes} processes`,
  consensus: ({ epoch, signers, hash }) => `consensus of epoch ${epoch} signed by ${signers}: ${hash}`,
  ready: () => 'every client can send',
  handed: () => 'all messages are handed over',
  killed: ({ name, inFlight }) => `${name} was killed, ${inFlight} messages in flight`,
  back: ({ name }) => `${name} is back`,
  orphaned: () => 'no authority is left: waiting until the newest document is not fresh any more',
  late: ({ worksUntil }) => `everybody says so, and goes on until ${new Date(worksUntil).toISOString()}`,
  died: ({ name, how, log }) => `${name} ended by itself (${how}); the end of its log:\n${log}`,
  'by-hand': ({ name, act }) => `${name}: ${act}, by hand`,
  'not-accepted': ({ name, message }) => `${name} did not accept message ${message}`,
  'not-answered': ({ name, message, why }) => `${name} could not answer message ${message}: ${why}`,
  'no-document': ({ epoch, why }) => `no document of epoch ${epoch}: ${why}`,
  round: ({ at }) => `a payment round is at ${at}`,
  'peers-meet': ({ peers }) => `${peers} peers meet to join payments`,
  'persons-meet': ({ persons }) => `${persons} persons meet: one pays another, the others mix`,
  joined: ({ transaction, receipts }) =>
    `payments are joined: ${transaction}${receipts === undefined ? '' : `; ${receipts} of 2 hold the receipt`}`,
  'not-joined': () => 'no payments were joined',
  crowd: ({ members, colluders }) =>
    `a crowd of ${members} members, of whom ${colluders} write down what they see`,
  ending: () => 'ending every process',
  ended: () => 'all processes have ended',
  said: ({ words }) => words,
}

/** Says what happened, in English. */
export function wordsOf(happened: Happened): string {
  return (english[happened.event] as (of: Happened) => string)(happened)
}
