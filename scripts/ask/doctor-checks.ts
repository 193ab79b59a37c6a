// Looks, for chaffinch doctor, at this machine: the key, the certificate, the folder, the disk, the ports, the clock
// against others'. Each says what is, and where something is wrong, what to do.

import { accessSync, constants, existsSync, statfsSync, statSync } from 'node:fs'
import { createServer } from 'node:net'
import { dirname } from 'node:path'
import type { ClientStatus } from '../../client/index.ts'
import type { AuthorityStatus } from '../../directory/authority/index.ts'
import { ed25519PublicKey, epochAt, epochStart, type Network } from '../../directory/index.ts'
import { hex } from '../../encoding/bytes.ts'
import { CommandError } from '../../encoding/command-line.ts'
import { formatDuration } from '../../encoding/duration.ts'
import type { NodeFile, ServerFile } from '../../roles/files/index.ts'
import { certificateFor, readKey } from '../../roles/files/index.ts'
import { isSilent } from '../../roles/silence.ts'
import { day, MiB } from '../../world/units.ts'

export interface Finding {
  readonly check: 'config' | 'keys' | 'disk' | 'ports' | 'clock' | 'consensus' | 'running'
  readonly state: 'ok' | 'warning' | 'wrong'
  readonly says: string
  /** The remedy. */
  readonly fix?: string
}

/** Runs a step that says what is; its CommandError is what is wrong. */
export async function finding(
  check: Finding['check'],
  step: () => Finding[] | Promise<Finding[]>,
): Promise<Finding[]> {
  try {
    return await step()
  } catch (error) {
    if (!(error instanceof CommandError)) throw error
    const { message, hint } = error
    return [{ check, state: 'wrong', says: message, ...(hint === undefined ? {} : { fix: hint }) }]
  }
}

/** The key file: there, whole, and nobody else's to read. */
export function checkKey({ key }: ServerFile): Finding[] {
  return [{ check: 'keys', state: 'ok', says: `the key is ${hex(ed25519PublicKey(readKey(key)))}` }]
}

/** The certificate of a node's key: its own, and not about to end. */
export function checkCertificate(role: 'mix' | 'gateway', config: NodeFile, now: number): Finding[] {
  const { network, key, certificate, family, contact } = config
  if (certificate === undefined) {
    return [{ check: 'keys', state: 'ok', says: 'no certificate: the key is its own identity' }]
  }
  const node = ed25519PublicKey(readKey(key))
  const { until } = certificateFor(certificate, { network: network.name, node, role, family, contact })
  const end = epochStart(network, until + 1)
  const says = `${certificate}: holds until ${new Date(end).toISOString()}`
  const fix = 'chaffinch key certify, on the machine that has your identity key'
  if (now >= end) return [{ check: 'keys', state: 'wrong', says: `${certificate}: has ended`, fix }]
  return end - now < 14 * day
    ? [{ check: 'keys', state: 'warning', says, fix }]
    : [{ check: 'keys', state: 'ok', says }]
}

export interface DiskFacts {
  readonly writable: boolean
  /** Bits of the folder's mode; undefined where it is not made yet. */
  readonly mode: number | undefined
  readonly freeBytes: number
}

export function diskFacts(folder: string): DiskFacts {
  let at = folder
  while (!existsSync(at)) at = dirname(at)
  const { bavail, bsize } = statfsSync(at)
  const made = at === folder
  return {
    writable: mayWrite(at),
    mode: made ? statSync(folder).mode & 0o777 : undefined,
    freeBytes: bavail * bsize,
  }
}

function mayWrite(folder: string): boolean {
  try {
    accessSync(folder, constants.W_OK)
    return true
  } catch {
    return false
  }
}

export function checkDisk(folder: string, { writable, mode, freeBytes }: DiskFacts): Finding[] {
  const found: Finding[] = []
  const add = (state: Finding['state'], says: string, fix?: string): void =>
    void found.push({ check: 'disk', state, says, ...(fix === undefined ? {} : { fix }) })
  if (!writable)
    add('wrong', `${folder}: cannot be written`, `give it to the user that runs the role, or set 'folder'`)
  if (mode !== undefined && (mode & 0o077) !== 0) {
    add('warning', `${folder}: others may look into it`, `chmod 700 ${folder}`)
  }
  const free = `${folder}: ${Math.floor(freeBytes / MiB)} MiB are free`
  if (freeBytes < 64 * MiB) add('wrong', free, `make room: a role whose disk is full takes nothing more in`)
  else if (freeBytes < 1024 * MiB) add('warning', free, 'make room before it is full')
  else add('ok', free)
  return found
}

/** Tells what the disk refused the running role when it last tried. */
export function checkDiskOf(status: Readonly<Record<string, unknown>>): Finding[] {
  const { failing = [] } = (status['disk'] ?? {}) as { failing?: readonly string[] }
  if (failing.length === 0) return []
  const says = `the running role cannot write: ${failing.join(', ')}`
  return [{ check: 'disk', state: 'wrong', says, fix: 'make room: it goes on by itself, without a restart' }]
}

/** Listening ports: free, or this role's own. */
export async function checkPorts(config: ServerFile, runs: boolean): Promise<Finding[]> {
  const found: Finding[] = []
  for (const address of config.listen) {
    const [, , host = '', , port = ''] = address.split('/')
    if (runs) found.push({ check: 'ports', state: 'ok', says: `${address}: the running role has it` })
    else if (/^[\d.:a-f]+$/i.test(host)) found.push(await tryPort(address, host, Number(port)))
  }
  const told = config.announce.length > 0 ? config.announce : config.listen
  for (const address of told.filter(isLocal)) {
    found.push({
      check: 'ports',
      state: 'warning',
      says: `${address}: is what others are told to dial, and leads to no other machine`,
      fix: `set 'announce' to an address that others reach`,
    })
  }
  return found
}

function isLocal(address: string): boolean {
  return /^\/ip4\/(0\.0\.0\.0|127\.|10\.|192\.168\.|172\.(1[6-9]|2\d|3[01])\.)|^\/ip6\/(::1?|f[cd].*|fe80.*)\//.test(
    address,
  )
}

function tryPort(address: string, host: string, port: number): Promise<Finding> {
  return new Promise(resolve => {
    const server = createServer()
    server.once('error', ({ code }: NodeJS.ErrnoException) => {
      const why = code === 'EADDRINUSE' ? 'another process has the port' : `cannot be listened on (${code})`
      const fix = `end the other process, or set another 'listen'`
      resolve({ check: 'ports', state: 'wrong', says: `${address}: ${why}`, fix })
    })
    server.listen(port, host, () => {
      server.close(() => resolve({ check: 'ports', state: 'ok', says: `${address}: is free` }))
    })
  })
}

/** Checks that a client's packets leave, and that it believes its clock; of other roles the latter. */
export function checkReady(status: Readonly<Record<string, unknown>>): Finding[] {
  const { ready, gateway, consensus, clockErrorMs } = status as unknown as ClientStatus
  const jumped = wrongClock(clockErrorMs ?? 0, status['role'] === 'authority')
  if (status['role'] !== 'client') return jumped
  const through = gateway === null ? '' : ` through gateway ${gateway.slice(0, 16)}`
  if (ready)
    return [{ check: 'running', state: 'ok', says: `it is ready: packets leave${through}` }, ...jumped]
  const [why, fix] =
    consensus === null
      ? ['has no consensus', "see to the connection, the clock, and the addresses in the network's file"]
      : [`its mailbox${through} is not open`, "wait, or name other 'gateways' in its file"]
  return [{ check: 'running', state: 'warning', says: `it is not ready: ${why}`, fix }, ...jumped]
}

/** A clock that a running role thinks wrong. */
function wrongClock(errorMs: number, isAuthority: boolean): Finding[] {
  if (errorMs === 0) return []
  const way = errorMs > 0 ? 'ahead' : 'behind'
  const why = isAuthority ? 'so most votes of the others say' : 'no document says that it is right'
  const says = `this computer's clock seems to be ${formatDuration(Math.round(Math.abs(errorMs)))} ${way}: ${why}`
  return [
    {
      check: 'clock',
      state: 'wrong',
      says,
      fix: 'put it right: what runs goes on by itself then',
    },
  ]
}

/** The other authorities that do not answer an authority; of another role nothing. */
export function checkSilent(status: Readonly<Record<string, unknown>>, now: number): Finding[] {
  if (status['role'] !== 'authority') return []
  const silent = (status as unknown as AuthorityStatus).authorities.filter(({ seen }) => isSilent(seen, now))
  return silent.map(({ id, seen }): Finding => {
    const since =
      seen === null
        ? 'has not answered since this one started'
        : `silent since ${new Date(seen).toISOString()}`
    const fix = 'tell its operator: with fewer than the threshold no consensus is made'
    return { check: 'running', state: 'warning', says: `authority ${id.slice(0, 16)} ${since}`, fix }
  })
}

/** A clock of somebody else. */
export interface Asked {
  readonly id: string
  /** Theirs minus ours, milliseconds, to within half of the round trip. */
  readonly offMs: number
  readonly roundTripMs: number
}

/** The clock against the median of others': no single one can put it in the wrong. */
export function checkClock(network: Network, asked: readonly Asked[]): Finding[] {
  if (asked.length === 0) {
    const fix = 'see to the network of this machine, then run this again'
    return [{ check: 'clock', state: 'warning', says: 'nobody to compare the clock with answers', fix }]
  }
  const sorted = [...asked].sort((a, b) => a.offMs - b.offMs)
  const { offMs, roundTripMs } = sorted[(sorted.length - 1) >> 1] as Asked
  const off = Math.max(0, Math.abs(offMs) - roundTripMs / 2)
  const way = offMs > 0 ? 'behind' : 'ahead of'
  const says = `the clock is ${formatDuration(Math.round(off))} ${way} ${asked.length} other${asked.length > 1 ? 's' : ''}`
  const fix = 'run an NTP client'
  if (off > network.epochMs / 8) return [{ check: 'clock', state: 'wrong', says, fix }]
  if (off > Math.max(1000, network.epochMs / 64)) return [{ check: 'clock', state: 'warning', says, fix }]
  return [{ check: 'clock', state: 'ok', says }]
}

/** The newest consensus, and whether it knows this node. */
export function checkConsensus(
  network: Network,
  document: { readonly epoch: number; readonly freshUntil: number; readonly validUntil: number },
  listed: boolean | undefined,
  now: number,
): Finding[] {
  const epoch = epochAt(network, now)
  const found: Finding[] = []
  const what = `consensus of epoch ${document.epoch} in epoch ${epoch}`
  const fix = 'ask the operators of the authorities, or look at the /status of one'
  if (now >= document.validUntil)
    found.push({ check: 'consensus', state: 'wrong', says: `${what}: is over`, fix })
  else if (now >= document.freshUntil) {
    found.push({ check: 'consensus', state: 'warning', says: `${what}: no newer one was made`, fix })
  } else found.push({ check: 'consensus', state: 'ok', says: what })
  if (listed === false) {
    const hint = `'refusals' in its /status names the authorities that keep it out; a new node takes two epochs`
    found.push({ check: 'consensus', state: 'wrong', says: 'it does not list this node', fix: hint })
  }
  return found
}
