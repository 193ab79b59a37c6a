// The program of a mix and of a gateway: one for two roles.

import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { epochStart } from '../directory/index.ts'
import { hex } from '../encoding/bytes.ts'
import { CommandError } from '../encoding/command-line.ts'
import { startHost } from '../link/index.ts'
import {
  admission,
  folderFiles,
  type LoopRecord,
  loopRecord,
  type NodeOptions,
  serveStatus,
  startNode,
  usualThreads,
} from '../node/index.ts'
import { geometry } from '../sphinx/index.ts'
import { systemClock } from '../world/clock.ts'
import { tokenFrom } from '../world/http.ts'
import type { Log } from '../world/log.ts'
import { LogLines } from '../world/log-lines.ts'
import { systemRandom as random } from '../world/random.ts'
import { openStore } from '../world/store.ts'
import { version } from '../world/version.ts'
import { collectSeldom } from './collecting.ts'
import { certificateFor } from './files/certificate.ts'
import { readNodeFile } from './files/config.ts'
import { openFolder, readKey, tellPort } from './files/folder.ts'
import type { NodeFile } from './files/shapes.ts'
import { startProbing } from './probing.ts'
import { reloader } from './reload.ts'
import { closing, openLog, type RoleLog, type Running, runRole } from './role.ts'
import { openTls } from './tls.ts'

/** The parts that a node stands on. A harness hands in others, around these. */
export type Footing = Pick<NodeOptions, 'link' | 'files' | 'store' | 'admission' | 'passed'>

type Around = (footing: Footing) => Footing | Promise<Footing>
type Operator = NonNullable<NodeOptions['operator']>

/** Runs a node until it is told to end. @param file its configuration */
export async function runNode(
  role: 'mix' | 'gateway',
  file: string,
  around: Around = footing => footing,
): Promise<number> {
  const config = readNodeFile(file, role)
  openFolder(config.folder, role)
  collectSeldom()
  const log = openLog(role, config.log)
  return await runRole(log, () => start(role, config, log, around))
}

function start(role: 'mix' | 'gateway', config: NodeFile, to: RoleLog, around: Around): Promise<Running> {
  const {
    network,
    folder,
    family,
    threads = usualThreads(availableParallelism()),
    connections,
    tags,
  } = config
  const clock = systemClock
  const lines = new LogLines(systemClock.now)
  const log = lines.around(to)
  return closing(async later => {
    const seed = readKey(config.key)
    const token = await tokenFrom(join(folder, 'token'))
    const files = await folderFiles(join(folder, 'keys'), clock)
    const store = await openStore(join(folder, 'store'))
    later(() => store.close())
    const admitted = admission(role)
    const tls = config.tls === undefined ? undefined : openTls(config.tls, log)
    if (tls !== undefined) later(tls.close)
    const link = await startHost({
      seed,
      listen: config.listen,
      announce: config.announce,
      cellBytes: geometry(network).packetBytes,
      clock,
      log,
      random,
      admits: admitted.admits,
      role: 'node',
      limits: { connections },
      certificates: tls?.certificates,
      proxies: config.proxies,
      ...(config.dialFrom === undefined ? {} : { localAddress: config.dialFrom }),
    })
    later(() => link.close())
    const operator = operatorOf(role, config, link.id, log)
    let announcers = config.announcers
    let record = undefined as LoopRecord | undefined
    const probes: NodeOptions['probes'] = time => {
      record = loopRecord(network, time)
      return record
    }
    const node = await startNode({
      role,
      network,
      ...(await around({ link, files, store, admission: admitted })),
      seed,
      family,
      operator,
      threads,
      limits: { clients: connections, tagsPerKey: tags },
      ...(role === 'gateway' ? { load: { cores: config.cores ?? usualCores, cpuMs } } : {}),
      mayAnnounce: mailbox => announcers === undefined || announcers.includes(hex(mailbox)),
      sources: config.sources,
      probes: config.probe ? probes : undefined,
      counts: config.counts,
      clock,
      random,
      log,
    })
    later(async () => {
      await node.drain()
      await node.close()
    })
    if (record !== undefined) {
      const { sources, dialFrom } = config
      const client = { network, sources, ...(dialFrom === undefined ? {} : { dialFrom }) }
      const probing = startProbing({ clock, random, log, record, client })
      later(() => probing.close())
    }
    const reload = reloader(log, config.file, config, () => readNodeFile(config.file, role), {
      log: level => {
        to.level = level
      },
      country: () => {},
      contact: () => {},
      certificate: () => {},
      announcers: to => {
        announcers = to
      },
    })
    const status = await serveStatus(node, {
      port: config.statusPort,
      address: config.statusAddress,
      token,
      version: version(),
      lines,
      certifiedUntil: () => {
        const { certified } = operator.last()
        return certified === undefined ? undefined : epochStart(network, certified.until + 1)
      },
    })
    later(() => status.close())
    later(tellPort(folder, status.port))
    log.info({ id: hex(link.id), network: network.name, status: `${status.url}/status` }, 'started')
    return {
      reload: () => {
        reload()
        tls?.reload()
      },
      unready: () => (node.status().listed ? undefined : 'no consensus lists this node yet'),
    }
  })
}

/**
 * A gateway takes so much of a core where its operator says nothing else: all but peeling is its own thread's work, and
 * peeling is a tenth of what its clients cost it.
 */
const usualCores = 0.8

/** Gives the processor time of this process so far, milliseconds. */
function cpuMs(): number {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1000
}

/**
 * Reads what the operator says again for each descriptor; where it cannot be read any more, what was read before stays
 * in use.
 */
function operatorOf(
  role: 'mix' | 'gateway',
  first: NodeFile,
  node: Uint8Array,
  log: Log,
): Operator & { last(): ReturnType<Operator> } {
  const read = ({ country, contact, certificate }: NodeFile): ReturnType<Operator> => {
    const want = { network: first.network.name, node, role, family: first.family, contact }
    const certified = certificate === undefined ? undefined : certificateFor(certificate, want)
    return { country, contact, certified, software: version() }
  }
  let says = read(first)
  const readAgain = (): ReturnType<Operator> => {
    try {
      says = read(readNodeFile(first.file, role))
    } catch (error) {
      if (!(error instanceof CommandError)) throw error
      log.error({}, `${error.message}; what was read before stays in use`)
    }
    return says
  }
  return Object.assign(readAgain, { last: () => says })
}
