// Plans a local network: its processes, their ports and addresses, and the files they are started with.

import { mkdirSync, mkdtempSync } from 'node:fs'
import { createServer, type Server } from 'node:net'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import type { RemoteClient } from '../../client/remote/index.ts'
import { remoteAt } from '../../roles/files/endpoint.ts'
import { initAuthority, initClient, initMember, initNetwork, initNode } from '../../roles/files/init.ts'
import type { ParameterDraft } from '../../roles/files/init-files.ts'
import type { Tap } from './observer.ts'
import type { NetOptions } from './options.ts'
import type { Role } from './process.ts'
import { largeUserBytes, payloadPerMinute, readPerMinute, roundVotes } from './rates.ts'

export interface PlannedProcess {
  readonly name: string
  readonly role: Role
  readonly folder: string
  readonly configFile: string
  readonly logFile: string
  /** Its port on 127.0.0.1: a client's API, everybody else's status. */
  readonly httpPort: number
  /** Where its token will be. */
  readonly tokenFile: string
  /** Where others reach it; undefined for a client. */
  readonly listenPort: number | undefined
  /** Where browsers reach it; undefined for mixes and members, which clients do not dial, and for clients. */
  readonly webSocketPort: number | undefined
  /** The port that others are told to dial, when an observer sits in between. */
  readonly tapPort: number | undefined
  readonly webSocketTapPort: number | undefined
  /** The address it dials from, when an observer wants to tell processes apart. */
  readonly dialFrom: string | undefined
}

export interface Plan {
  readonly options: NetOptions
  readonly folder: string
  /** The folder is ours to remove. */
  readonly temporary: boolean
  readonly networkFile: string
  readonly threshold: number
  readonly processes: readonly PlannedProcess[]
}

/** Asks a process over HTTP. */
export function remoteOf({ httpPort, tokenFile }: PlannedProcess): RemoteClient {
  return remoteAt({ port: httpPort, tokenFile })
}

/** Draws ports and writes every file, exactly as `chaffinch init` does. */
export async function planNetwork(options: NetOptions, now: number): Promise<Plan> {
  const temporary = options.dir === undefined
  const folder = options.dir === undefined ? mkdtempSync(join(tmpdir(), 'chaffinch-')) : resolve(options.dir)
  mkdirSync(folder, { recursive: true })
  const roles: Role[] = [
    ...Array<Role>(options.authorities).fill('authority'),
    ...Array<Role>(options.mixes).fill('mix'),
    ...Array<Role>(options.gateways).fill('gateway'),
    ...Array<Role>(options.crowd?.members ?? 0).fill('member'),
    ...Array<Role>(options.clients).fill('client'),
  ]
  const ports = await freePorts(5 * roles.length)
  const counted = new Map<Role, number>()
  const processes = roles.map((role, i): PlannedProcess => {
    const number = counted.get(role) ?? 0
    counted.set(role, number + 1)
    const name = `${role}-${number}`
    const own = join(folder, name)
    const drawn = ports.slice(5 * i, 5 * i + 5) as [number, number, number, number, number]
    const [httpPort, listenPort, tapPort, webSocketPort, webSocketTapPort] = drawn
    const forBrowsers = role === 'authority' || role === 'gateway'
    return {
      name,
      role,
      folder: own,
      configFile: join(own, `${role}.toml`),
      logFile: join(own, 'log'),
      httpPort,
      tokenFile: join(own, 'data', 'token'),
      listenPort: role === 'client' ? undefined : listenPort,
      webSocketPort: forBrowsers ? webSocketPort : undefined,
      webSocketTapPort: options.observe && forBrowsers ? webSocketTapPort : undefined,
      tapPort: options.observe && role !== 'client' ? tapPort : undefined,
      dialFrom: options.observe ? sourceAddress(i) : undefined,
    }
  })
  const threshold = Math.floor(options.authorities / 2) + 1
  const plan = {
    options,
    folder,
    temporary,
    networkFile: join(folder, 'network.toml'),
    threshold,
    processes,
  }
  writeFiles(plan, now)
  return plan
}

/** Linux answers on all of 127.0.0.0/8; elsewhere an observer cannot tell who dialled. */
function sourceAddress(i: number): string | undefined {
  return process.platform === 'linux' ? `127.0.${1 + Math.floor(i / 250)}.${1 + (i % 250)}` : undefined
}

/**
 * docs/spec/payments-rounds.md 4.10: those of the persons of a local network. Eight wallets that follow the ledger
 * each 5 s hand its client some ten packets a second, more than its clock of 8.3 a second answers.
 */
export const personTimes = {
  epoch: '20s',
  arrive: '6s',
  round: '4min',
  phase: '40s',
  vote: '30s',
  delay: '2s',
  follow: '10s',
  stock: '0s',
} as const

/** One for TCP, and one for WebSockets: browsers open nothing else. */
function addressesOf(tcp: number | undefined, webSocket: number | undefined): string[] {
  return [
    ...(tcp === undefined ? [] : [`/ip4/127.0.0.1/tcp/${tcp}`]),
    ...(webSocket === undefined ? [] : [`/ip4/127.0.0.1/tcp/${webSocket}/ws`]),
  ]
}

/** Lists what stands between each process that listens and those who dial it, where there is an observer. */
export function tapsOf(processes: readonly PlannedProcess[]): Tap[] {
  return processes.flatMap(({ name, tapPort, listenPort, webSocketTapPort, webSocketPort }) =>
    [
      { port: tapPort, target: listenPort },
      { port: webSocketTapPort, target: webSocketPort },
    ].flatMap(({ port, target }) =>
      port === undefined || target === undefined ? [] : [{ name, port, target }],
    ),
  )
}

function writeFiles(plan: Plan, now: number): void {
  const { options, networkFile } = plan
  const votes = options.usualRates ? {} : localParameters(options)
  const authorities = []
  for (const planned of plan.processes) {
    const draft = { networkFile, dialFrom: planned.dialFrom }
    if (planned.role === 'client') {
      const payments = options.payments > 0 ? personTimes : undefined
      initClient(planned.folder, { ...draft, apiPort: planned.httpPort, cover: options.cover, payments })
      continue
    }
    const { listenPort, webSocketPort, tapPort, webSocketTapPort } = planned
    const listen = addressesOf(listenPort, webSocketPort)
    const announce = tapPort === undefined ? undefined : addressesOf(tapPort, webSocketTapPort)
    const server = { ...draft, listen, announce, statusPort: planned.httpPort }
    if (planned.role === 'authority') {
      const mixing = options.rounds ? 'round' : undefined
      authorities.push(initAuthority(planned.folder, { ...server, perNetwork: 0, mixing }, votes))
    } else if (planned.role === 'member') {
      initMember(planned.folder, { ...server, destinations: options.crowd?.destinations })
    } else
      initNode(planned.folder, planned.role, {
        ...server,
        family: planned.name,
        threads: 0,
        probe: options.probes,
      })
  }
  initNetwork(networkFile, {
    name: 'local',
    genesis: now,
    epochMs: options.epochMs,
    threshold: plan.threshold,
    topology: options.topology,
    layers: options.layers,
    userBytes: options.userBytes,
    minimum: { mixes: options.mixes, gateways: options.gateways },
    authorities,
  })
}

function localParameters(options: NetOptions): ParameterDraft {
  return {
    hop_delay: `${Math.max(1, options.delayMs)}ms`,
    max_hop_delay: `${Math.max(1000, 20 * options.delayMs)}ms`,
    payload_per_minute: payloadPerMinute(options),
    loop_per_minute: 30,
    drop_per_minute: 30,
    read_per_minute: readPerMinute(options),
    page_entries: options.userBytes < largeUserBytes ? 20 : 8,
    ...(options.payments > 0 && { bulletin_page_bytes: 4096 }),
    node_loop_per_minute: 20,
    waiting_epochs: 0,
    ...(options.rounds && roundVotes(options)),
  }
}

/** Ports on 127.0.0.1 that nothing listens on, all different. */
export async function freePorts(count: number): Promise<number[]> {
  const servers = await Promise.all(Array.from({ length: count }, listenAnywhere))
  const ports = servers.map(server => (server.address() as { port: number }).port)
  await Promise.all(servers.map(server => new Promise(done => server.close(done))))
  return ports
}

function listenAnywhere(): Promise<Server> {
  return new Promise((done, fail) => {
    const server = createServer()
    server.once('error', fail)
    server.listen(0, '127.0.0.1', () => done(server))
  })
}
