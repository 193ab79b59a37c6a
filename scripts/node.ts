// chaffinch mix and chaffinch gateway: one program, two roles.

import { join } from 'node:path'
import { systemClock } from '../link/clock.ts'
import { startHost } from '../link/host.ts'
import { tokenFrom } from '../link/http.ts'
import { openStore } from '../link/store.ts'
import { folderFiles } from '../node/files.ts'
import { serveStatus } from '../node/metrics.ts'
import { startNode } from '../node/node.ts'
import { admission } from '../node/routes.ts'
import { geometry } from '../sphinx/geometry.ts'
import { systemRandom as random } from '../sphinx/random.ts'
import { type NodeFile, readNodeFile } from './config.ts'
import { hex, openFolder, readKey } from './folder.ts'
import { closing, configOption, openLog, type Running, runRole } from './role.ts'

/** Runs a node until it is told to end. */
export async function runNode(role: 'mix' | 'gateway', args: readonly string[]): Promise<undefined> {
  const config = readNodeFile(configOption(role, args))
  openFolder(config.folder, role)
  return await runRole(() => start(role, config))
}

function start(role: 'mix' | 'gateway', config: NodeFile): Promise<Running> {
  const { network, folder, family } = config
  const clock = systemClock
  const log = openLog(role, config.log)
  return closing(async later => {
    const seed = readKey(config.key)
    const token = await tokenFrom(join(folder, 'token'))
    const files = await folderFiles(join(folder, 'keys'), clock)
    const store = await openStore(join(folder, 'store'))
    later(() => store.close())
    const admitted = admission(role)
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
      ...(config.dialFrom === undefined ? {} : { localAddress: config.dialFrom }),
    })
    later(() => link.close())
    const node = await startNode({
      role,
      network,
      link,
      admission: admitted,
      seed,
      family,
      files,
      store,
      clock,
      random,
      log,
    })
    later(async () => {
      await node.drain()
      await node.close()
    })
    const status = await serveStatus(node, { port: config.statusPort, token })
    later(() => status.close())
    console.error(`chaffinch: ${role} ${hex(link.id)} of ${network.name}: its status is ${status.url}/status`)
  })
}
