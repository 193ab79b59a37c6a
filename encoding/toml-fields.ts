// All that keys of the files that people write may hold, each with the sentence that says what is wanted.

import * as v from 'valibot'
import { fromHex } from './bytes.ts'
import { durationForm, parseDuration } from './duration.ts'
import { readMultiaddr, writeMultiaddr } from './multiaddr.ts'

export const text: v.GenericSchema<string> = v.string()
/** 32 bytes. */
export const hex32: v.GenericSchema<string, Uint8Array> = v.pipe(
  text,
  v.regex(/^[0-9a-f]{64}$/, 'want 64 lowercase hexadecimal digits (32 bytes)'),
  v.transform(digits => fromHex(digits)),
)
const multiaddr = v.pipe(
  text,
  v.check(
    address => readMultiaddr(address) !== undefined,
    'want a multiaddr without /p2p, for instance "/ip4/192.0.2.7/tcp/4101"',
  ),
  v.check(
    address => plainly(address) === address,
    ({ input }) => `want it written as everybody writes it: "${plainly(input)}"`,
  ),
)
function plainly(address: string): string {
  const read = readMultiaddr(address)
  return read === undefined ? address : writeMultiaddr(read)
}
export const addresses: v.GenericSchema<string[]> = v.array(multiaddr)
/** Those that a socket can be bound to: a name of `/dnsaddr` has no port. */
export const listenAddresses: v.GenericSchema<string[]> = v.array(
  v.pipe(
    multiaddr,
    v.check(
      address => readMultiaddr(address)?.kind !== 'dnsaddr',
      'nobody can listen on /dnsaddr: want an address with a port here; /dnsaddr goes to what is announced',
    ),
  ),
)

/** As people write it; milliseconds. */
export function duration(leastMs: number): v.GenericSchema<string, number> {
  return v.pipe(
    text,
    v.check(given => parseDuration(given) !== undefined, `want ${durationForm}`),
    v.transform(given => parseDuration(given) as number),
    v.minValue(leastMs, `want at least ${leastMs} ms`),
  )
}

export function whole(least: number, most: number): v.GenericSchema<number> {
  const range = `want a whole number from ${least} to ${most}`
  return v.pipe(v.number(), v.integer(range), v.minValue(least, range), v.maxValue(most, range))
}

/** Names of networks, families and processes: letters, digits and - _ . */
export const name: v.GenericSchema<string> = v.pipe(
  text,
  v.regex(/^[A-Za-z0-9][\w.-]{0,63}$/, 'want 1 to 64 letters, digits or any of - _ .'),
)
