// What an app may ask for when it sends and reads, and the checks of it (docs/spec/client-sdk.md 13).

import { checkAppName } from './app-name.ts'
import type { Senders } from './contacts/choices.ts'
import { type Acknowledge, acknowledges } from './contacts/choices.ts'
import { ClientError } from './error.ts'
import { readBlocks, usualReplyBlocks } from './limits.ts'
import type { Message } from './message.ts'
import { type CoverLevel, coverLevels } from './outgoing/cover.ts'
import { type Priority, priorities } from './outgoing/queue-state.ts'
import { maxBlocks } from './packets/content.ts'
import type { Way } from './packets/pattern.ts'

/** Asks for more than that a message be delivered. All of it is optional. */
export interface SendOptions {
  /** Lets the receiver reply, or says how many reply blocks go with the message (1 to 64). Default false. */
  readonly replies?: boolean | number
  /** Asks to be told when the receiver's app has taken it; they decide whether they tell. Default false. */
  readonly receipt?: boolean
  /**
   * Asks to be told when the receiver's client has all of it; they decide whether they tell, and by default tell their
   * contacts. Default: as `from`.
   */
  readonly received?: boolean
  /** Says who writes, so that the receiver can check it and can prove it to nobody else. Default false. */
  readonly from?: boolean
  /** The app that it is for, at both ends; default: none (docs/spec/client.md 4.1). */
  readonly app?: string
  /** Keeps a copy of what is sent, which `client.chores.sent` gives, as long as it is listed. Default false. */
  readonly keep?: boolean
  /** Before or behind the app's other messages; default `normal`. Apps take turns whatever it is. */
  readonly priority?: Priority
  /** Rules that its packets' paths must obey; without it they look like everybody's. */
  readonly way?: Way
  /** Calls it off, before or after it was accepted. */
  readonly signal?: AbortSignal
  /** Milliseconds from now; past it the message has failed with DEADLINE. */
  readonly deadlineMs?: number
}

/** Which of the messages that are kept `client.inbox` lists. */
export interface InboxOptions {
  /** Default: of messages that name no app. */
  readonly app?: string
  /** Default `everyone`. */
  readonly senders?: Senders
  readonly after?: number
  /** Only these; default: all of them. */
  readonly ids?: readonly string[]
  readonly most?: number
  readonly mostBytes?: number
  readonly until?: AbortSignal
}

/** Lists what `client.on` tells, by name. */
export interface ClientEvents {
  /** A message of ours has changed its state. */
  state: (message: Message) => void
  /** More fragments of a message of ours have arrived: `message.progress` says how many of how many. */
  progress: (message: Message) => void
  /** A message has come and is on disk; `messages` hands it out. */
  message: (received: {
    readonly id: string
    readonly seq: number
    readonly app: string
    readonly inReplyTo: string | undefined
  }) => void
  /** Packets can leave, or cannot any more. */
  ready: (ready: boolean) => void
}

/** Every name of `ClientEvents`. */
export const clientEventNames: readonly (keyof ClientEvents)[] = ['state', 'progress', 'message', 'ready']

/** @throws ClientError ABORTED, BAD_OPTION */
export function checkSend({ signal, deadlineMs, app, priority }: SendOptions): void {
  if (signal?.aborted) throw new ClientError('ABORTED', 'called off by the caller')
  if (app !== undefined) checkAppName(app)
  if (priority !== undefined && !priorities.includes(priority))
    throw new ClientError('BAD_OPTION', `priority: ${priority}: want one of ${priorities.join(', ')}`)
  if (deadlineMs !== undefined && !(deadlineMs > 0))
    throw new ClientError('BAD_OPTION', 'deadlineMs: want milliseconds above 0')
}

/** @throws ClientError BAD_OPTION */
export function blocksWanted(options: SendOptions): number {
  const { replies = false, receipt = false } = options
  // One for each word of it, and each epoch
  const words = (receipt ? 1 : 0) + (wantsReceived(options) ? 1 : 0)
  const wanted = replies === true ? usualReplyBlocks : replies === false ? 0 : replies
  if (!(Number.isInteger(wanted) && wanted >= 0 && wanted <= maxBlocks))
    throw new ClientError('BAD_OPTION', `replies: want true, false, or 1 to ${maxBlocks} reply blocks`)
  return Math.max(wanted, words * readBlocks)
}

/** Whoever says who they are is told by default. */
export function wantsReceived({ from = false, received = from }: SendOptions): boolean {
  return received
}

/** @throws ClientError BAD_OPTION */
export function checkAcknowledge(level: string): asserts level is Acknowledge {
  if (!acknowledges.includes(level as Acknowledge))
    throw new ClientError('BAD_OPTION', `acknowledge: ${level}: want one of ${acknowledges.join(', ')}`)
}

/** @throws ClientError BAD_OPTION */
export function checkCover(level: string): asserts level is CoverLevel {
  if (!coverLevels.includes(level as CoverLevel))
    throw new ClientError('BAD_OPTION', `cover: ${level}: want one of ${coverLevels.join(', ')}`)
}
