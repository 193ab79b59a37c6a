// How much the clients of a local network send: what two cores carry, with as much to spare.

import { type Ms, minute, second } from '../../world/units.ts'
import { spared } from './machine.ts'
import type { NetOptions } from './options.ts'

/** Says how many packets a second one client sends where there are few, and all together where they are more. */
interface Rate {
  readonly ofOne: number
  readonly few: number
  readonly ofAll: number
}

/** Packets of the usual size: 512 KiB take some 11 s, and two cores stay half idle. */
const usual: Rate = { ofOne: 25, few: 10, ofAll: 150 }
/**
 * Packets that carry four times as much. What a packet costs is its hops, hardly its length: 512 KiB take 7 s, and the
 * cores have less to do.
 */
const large: Rate = { ofOne: 10, few: 8, ofAll: 80 }
export const largeUserBytes = 8000
/** The share of a packet's user data that is a message's own bytes. */
const ownBytes = 0.95

/**
 * A message that takes so long to leave is long enough, however long epochs are: 512 KiB at the full rate. The run
 * waits for it, and twice as long where a gateway was away and a mix has died meanwhile.
 */
const longestLeaveMs = 11_200
const longestBytes = 2 ** 19
/** The share of an epoch, where that is less. */
const leaveEpochs = 0.56
/** The epochs from which on a message may take the longest time. */
const roomyEpochMs = 15 * second
const readsPerMinute = { most: 240, least: 90 }
/** Where payments are joined: rounds need few packets, but pages of the bulletin and time on the cores. */
const withPayments = 1 / 3

/** Tells the share of the rate of a client of a small network. */
function shareOf(clients: number, { ofOne, few, ofAll }: Rate): number {
  return clients <= few ? 1 : ofAll / (clients * ofOne)
}

/** A machine that is slow carries less in the same time. */
function pace(slow: number): number {
  return slow > spared ? spared / slow : 1
}

function rateOf({ userBytes }: NetOptions): Rate {
  return userBytes < largeUserBytes ? usual : large
}

/** Gives the length of a round, also where the machine is slow: clocks and processes may be late by half of it. */
const rounds = { usualMs: 2 * second, slowMs: 3 * second }
/** Rounds of so many hops fit into this part of an epoch, so that keys are what they were (docs/spec/mixing.md 3.7). */
const roundsEpochs = 1 / 4
/** The share of the rounds in which a client has its turn to send what is said; loops and drops share the others. */
const payloadRounds = 0.8

/** Tells how long a round of a network of rounds is. */
export function roundMsOf({ epochMs, layers, slow }: NetOptions): Ms {
  const fits = Math.floor((roundsEpochs * epochMs) / (layers + 2))
  return Math.min(fits, slow > spared ? rounds.slowMs : rounds.usualMs)
}

/** Gives what the authorities of a network of rounds vote for. */
export function roundVotes(options: NetOptions): {
  readonly batch_interval: string
  readonly batch_packets: number
  readonly node_loop_per_minute: 0
  readonly loop_per_minute: number
  readonly drop_per_minute: number
} {
  const others = (minute / roundMsOf(options)) * ((1 - payloadRounds) / 2)
  return {
    batch_interval: `${roundMsOf(options)}ms`,
    // Half of what comes to a mix, as each packet has an acknowledgement (docs/spec/mixing.md 3.7)
    batch_packets: options.clients,
    node_loop_per_minute: 0,
    loop_per_minute: Math.max(1, Math.round(others)),
    drop_per_minute: Math.max(1, Math.round(others)),
  }
}

/** Tells how many fragments a client sends a minute. */
export function payloadPerMinute(options: NetOptions): number {
  const { clients, payments, payloadPerMinute: given, slow } = options
  if (given !== undefined) return given
  if (options.rounds) return Math.max(1, Math.floor((minute / roundMsOf(options)) * payloadRounds))
  const rate = rateOf(options)
  const share = shareOf(clients, rate) * (payments > 0 ? withPayments : 1) * pace(slow)
  return Math.max(60, Math.round(60 * rate.ofOne * share))
}

/** Tells how many pages a client asks for a minute. */
export function readPerMinute(options: NetOptions): number {
  const share = shareOf(options.clients, rateOf(options)) * pace(options.slow)
  return Math.max(readsPerMinute.least, Math.round(readsPerMinute.most * share))
}

/**
 * Tells how long the longest message of a run is: 512 KiB, or what leaves in good time where that is less. Its reply
 * blocks live for three epochs, and the reply has to come back within them: where payments load the machine too, a
 * message that takes most of that time on a quiet one would be answered too late.
 *
 * @returns bytes
 */
export function longestMessage(options: NetOptions): number {
  const { epochMs, payments, userBytes } = options
  const inEpoch = leaveEpochs * epochMs
  const leaveMs = epochMs < roomyEpochMs ? inEpoch : Math.max(longestLeaveMs, payments > 0 ? 0 : inEpoch)
  const inTime = (payloadPerMinute(options) / 60_000) * leaveMs * userBytes * ownBytes
  return Math.min(longestBytes, Math.round((payments > 0 ? 0.35 : 1) * inTime))
}

/** After the last message was handed over a run is given so long, and so many epochs where those are long. */
const settle = { leastMs: 60 * second, epochs: 4 } as const
/** A process that was killed is in the documents until one is made without it, and what went by it is sent again. */
const afterKillsEpochs = 3

/**
 * Tells how long a run waits until all is read, stored and answered before it is given up: on a slow machine the
 * longest message alone takes an epoch and more to leave.
 *
 * @returns milliseconds
 */
export function settleWithinMs({ epochMs }: NetOptions, killed: boolean): number {
  return Math.max(settle.leastMs, settle.epochs * epochMs) + (killed ? afterKillsEpochs * epochMs : 0)
}
