// The program of a member of the crowd (docs/spec/crowds.md).

import { join } from 'node:path'
import { ed25519Sign, joinDirectory } from '../directory/index.ts'
import { hex } from '../encoding/bytes.ts'
import { startHost } from '../link/index.ts'
import { bodyBytes, type Member, serveMember, startMember } from '../services/crowds/index.ts'
import { geometry, x25519PublicKey } from '../sphinx/index.ts'
import { systemClock as clock } from '../world/clock.ts'
import { tokenFrom } from '../world/http.ts'
import type { Log } from '../world/log.ts'
import { LogLines } from '../world/log-lines.ts'
import { systemRandom as random } from '../world/random.ts'
import { openStore } from '../world/store.ts'
import { second } from '../world/units.ts'
import { version } from '../world/version.ts'
import { openFolder, readKey, tellPort } from './files/folder.ts'
import { readMemberFile } from './files/index.ts'
import type { MemberFile } from './files/shapes.ts'
import { closing, openLog, type RoleLog, type Running, runRole } from './role.ts'

/** A destination has less time than the members that wait for its answer. */
const destinationMs = 15 * second
/** A descriptor has so many keys for packets; nobody wraps any for a member, so that nobody knows what opens them. */
const packetKeys = 3

/** Runs a member until it is told to end. @param file its configuration */
export async function runMember(file: string): Promise<number> {
  const config = readMemberFile(file)
  openFolder(config.folder, 'member')
  const log = openLog('member', config.log)
  return await runRole(log, () => start(config, log))
}

function start(config: MemberFile, to: RoleLog): Promise<Running> {
  const { network, folder } = config
  const lines = new LogLines(clock.now)
  const log = lines.around(to)
  return closing(async later => {
    const token = await tokenFrom(join(folder, 'token'))
    const store = await openStore(join(folder, 'store'))
    later(() => store.close())
    const member = await openMember({ ...config, seed: readKey(config.key), store, log }, later)
    const status = await serveMember(member, {
      port: config.statusPort,
      address: config.statusAddress,
      token,
      version: version(),
      lines,
    })
    later(() => status.close())
    later(tellPort(folder, status.port))
    log.info({ id: hex(member.id), network: network.name, status: `${status.url}/status` }, 'started')
    return { unready: () => (member.status().listed ? undefined : 'no consensus lists this member yet') }
  })
}

/** As much as a member needs of its file, with its key, its store and its log. */
export type MemberFooting = Pick<
  MemberFile,
  'network' | 'listen' | 'announce' | 'family' | 'destinations' | 'dialFrom'
> & {
  /** 32 bytes: of its Ed25519 identity. */
  readonly seed: Uint8Array
  readonly store: Parameters<typeof joinDirectory>[0]['store']
  readonly log: Log
  /** A harness hands in a link of its own around it. */
  readonly around?: (link: Awaited<ReturnType<typeof startHost>>) => Awaited<ReturnType<typeof startHost>>
}

/** Starts a member over TCP, on a link and a directory of its own. @param later is told how each part is closed */
export async function openMember(
  footing: MemberFooting,
  later: (close: () => Promise<void>) => void,
): Promise<Member> {
  const { network, seed, store, log, family, destinations, around = link => link } = footing
  const host = await startHost({
    seed,
    listen: footing.listen,
    announce: footing.announce,
    cellBytes: geometry(network).packetBytes,
    clock,
    log,
    random,
    admits: () => false,
    role: 'node',
    ...(footing.dialFrom === undefined ? {} : { localAddress: footing.dialFrom }),
  })
  later(() => host.close())
  const link = around(host)
  const directory = await joinDirectory({
    ...{ network, link, clock, random, log, store },
    sign: message => ed25519Sign(seed, message),
    describe: () => ({
      role: 'member',
      family,
      software: version(),
      addresses: link.addresses,
      packetKeys: Array.from({ length: packetKeys }, () => x25519PublicKey(random(32))),
    }),
  })
  later(() => directory.close())
  const destination = (name: string): ((body: Uint8Array) => Promise<Uint8Array>) | undefined => {
    const url = destinations.get(name)
    return url === undefined ? undefined : body => post(url, body)
  }
  const member = startMember({ network, link, directory, clock, random, log, destination })
  later(() => member.close())
  return member
}

/** Hands a destination what was asked. @throws Error unless it answers with status 200 and few enough bytes, in time */
async function post(url: string, body: Uint8Array): Promise<Uint8Array> {
  const response = await fetch(url, {
    method: 'POST',
    body,
    // One that is kept open may be closed just when it is used, and tells which requests came through one member
    headers: { 'content-type': 'application/octet-stream', connection: 'close' },
    redirect: 'error',
    signal: AbortSignal.timeout(destinationMs),
  })
  if (response.status !== 200) throw new Error(`it answered with status ${response.status}`)
  const parts: Uint8Array[] = []
  let length = 0
  for await (const part of response.body ?? []) {
    length += part.length
    if (length > bodyBytes) throw new Error(`it answered with more than ${bodyBytes} bytes`)
    parts.push(part)
  }
  return new Uint8Array(Buffer.concat(parts))
}
