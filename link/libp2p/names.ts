// What names of the DNS stand for. Not by the system's own look-up, which can neither be called off nor bounded: a name
// server that says nothing would hold the threads that write to the disk.

import { Resolver } from 'node:dns/promises'
import { readFile } from 'node:fs/promises'
import { type Ip, readIp } from '../../encoding/ip.ts'
import { readMultiaddr, writeMultiaddr } from '../../encoding/multiaddr.ts'
import { wait } from '../../world/wait.ts'
import type { LookUpAddresses, NameKind } from './look-up.ts'

/** Addresses that are taken of a name, of both families in turn. */
const mostOfName = 4
const hostsFile = process.platform === 'win32' ? 'C:\\Windows\\System32\\drivers\\etc\\hosts' : '/etc/hosts'
const largestHosts = 1024 * 1024

/** Asks this machine's file of hosts, and then the DNS. */
export async function lookUpName(kind: NameKind, name: string, signal: AbortSignal): Promise<readonly Ip[]> {
  const ofFile = await fromHosts(name)
  const found = ofFile.length > 0 ? ofFile : isLocal(name) ? localhost : await fromDns(kind, name, signal)
  const wanted = inTurn(
    kind === 'dns6' ? [] : found.filter(ip => ip.length === 4),
    kind === 'dns4' ? [] : found.filter(ip => ip.length === 16),
  )
  if (wanted.length === 0) throw new Error('the name stands for no address')
  return wanted.slice(0, mostOfName)
}

/** Asks the DNS for the TXT records of `_dnsaddr.NAME`. */
export const lookUpAddresses: LookUpAddresses = async (name, peer, signal) => {
  const resolver = new Resolver({ timeout: 2000, tries: 2 })
  const records = await wait<readonly string[][]>({ signal }, ({ resolve, reject }) => {
    resolver.resolveTxt(`_dnsaddr.${name}`).then(resolve, reject)
    return () => resolver.cancel()
  })
  return addressesIn(
    records.map(parts => parts.join('')),
    peer,
  )
}

/**
 * Picks a peer's addresses from TXT records: `dnsaddr=MULTIADDR`, with or without `/p2p/PEER`. Names in them are passed
 * over, so that one name leads no further, and what it leads to is bounded.
 *
 * @throws Error when there are none
 */
export function addressesIn(records: readonly string[], peer: string): readonly string[] {
  const found = records.flatMap(record => {
    const [, address = '', of = peer] = /^dnsaddr=(\/.*?)(?:\/(?:p2p|ipfs)\/([^/]+))?$/.exec(record) ?? []
    const read = readMultiaddr(address)
    return read?.ip !== undefined && read.port > 0 && of === peer ? [writeMultiaddr(read)] : []
  })
  if (found.length === 0) throw new Error('the name stands for no address of this peer')
  return [...new Set(found)].slice(0, mostOfName)
}

/** RFC 6761, section 6.3. */
const localhost: readonly Ip[] = [Uint8Array.of(127, 0, 0, 1), Uint8Array.of(...new Uint8Array(15), 1)]

function isLocal(name: string): boolean {
  return /(^|\.)localhost$/i.test(name)
}

async function fromHosts(name: string): Promise<Ip[]> {
  const text = await readFile(hostsFile, 'utf8').catch(() => '')
  if (text.length > largestHosts) return []
  return text.split('\n').flatMap(line => {
    const [address = '', ...names] = line.replace(/#.*/, '').trim().split(/\s+/)
    const ip = names.some(other => other.toLowerCase() === name.toLowerCase()) ? readIp(address) : undefined
    return ip === undefined ? [] : [ip]
  })
}

async function fromDns(kind: NameKind, name: string, signal: AbortSignal): Promise<Ip[]> {
  const resolver = new Resolver({ timeout: 2000, tries: 2 })
  const ask = (family: 4 | 6): Promise<string[]> =>
    (family === 4 ? resolver.resolve4(name) : resolver.resolve6(name)).catch(() => [])
  const found = await wait<readonly string[]>({ signal }, ({ resolve, reject }) => {
    Promise.all([kind === 'dns6' ? [] : ask(4), kind === 'dns4' ? [] : ask(6)]).then(
      all => resolve(all.flat()),
      reject,
    )
    return () => resolver.cancel()
  })
  return found.map(readIp).filter(ip => ip !== undefined)
}

function inTurn(a: readonly Ip[], b: readonly Ip[]): Ip[] {
  return Array.from({ length: Math.max(a.length, b.length) }, (_, i) => [a[i], b[i]])
    .flat()
    .filter(ip => ip !== undefined)
}
