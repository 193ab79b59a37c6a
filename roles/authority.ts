// The program of an authority: a directory authority with its status on loopback.

import { join } from 'node:path'
import { startAuthority } from '../directory/authority/index.ts'
import { hex } from '../encoding/bytes.ts'
import { startHost } from '../link/index.ts'
import { geometry } from '../sphinx/index.ts'
import { systemClock } from '../world/clock.ts'
import { tokenFrom } from '../world/http.ts'
import { LogLines } from '../world/log-lines.ts'
import { systemRandom as random } from '../world/random.ts'
import { serveStatusPort } from '../world/status-port.ts'
import { openStore } from '../world/store.ts'
import { version } from '../world/version.ts'
import { authorityMetrics } from './authority-metrics.ts'
import { readAuthorityFile } from './files/config.ts'
import { openFolder, readKey, tellPort } from './files/folder.ts'
import type { AuthorityFile } from './files/shapes.ts'
import { reloader } from './reload.ts'
import { closing, openLog, type RoleLog, type Running, runRole } from './role.ts'
import { watchSilence } from './silence.ts'
import { watchClock } from './wrong-clock.ts'

/** Runs an authority until it is told to end. @param file its configuration */
export async function runAuthority(file: string): Promise<number> {
  const config = readAuthorityFile(file)
  openFolder(config.folder, 'authority')
  const log = openLog('authority', config.log)
  return await runRole(log, () => start(config, log))
}

function start(config: AuthorityFile, to: RoleLog): Promise<Running> {
  const { network, folder } = config
  const lines = new LogLines(systemClock.now)
  const log = lines.around(to)
  return closing(async later => {
    const seed = readKey(config.key)
    const token = await tokenFrom(join(folder, 'token'))
    const store = await openStore(join(folder, 'store'))
    later(() => store.close())
    const link = await startHost({
      seed,
      listen: config.listen,
      announce: config.announce,
      cellBytes: geometry(network).packetBytes,
      clock: systemClock,
      log,
      random,
      admits: () => false,
      role: 'authority',
      ...(config.dialFrom === undefined ? {} : { localAddress: config.dialFrom }),
    })
    later(() => link.close())
    const authority = await startAuthority({
      network,
      seed,
      link,
      clock: systemClock,
      random,
      log,
      store,
      wanted: config.parameters,
      mixing: config.mixing,
      admission: config.admission,
      successors: config.successors,
    })
    later(() => authority.close())
    const heed = watchSilence(() => authority.status().authorities, systemClock, log)
    later(async () => heed())
    const heedClock = watchClock(() => authority.status().clockErrorMs, systemClock, log)
    later(async () => heedClock())
    const metrics = authorityMetrics(() => authority.status(), systemClock.now)
    const reload = reloader(log, config.file, config, () => readAuthorityFile(config.file), {
      log: level => {
        to.level = level
      },
      parameters: parameters => authority.want(parameters),
      admission: policy => authority.admit(policy),
      successors: successors => authority.propose(successors),
    })
    const status = await serveStatusPort({
      port: config.statusPort,
      address: config.statusAddress,
      token,
      version: version(),
      lines,
      metrics,
      status: () => authority.status(),
      ready: () => authority.current() !== undefined,
      routes: app => {
        app.post('/reload', context => context.json(reload()))
      },
    })
    later(() => status.close())
    later(tellPort(folder, status.port))
    log.info({ id: hex(link.id), network: network.name, status: `${status.url}/status` }, 'started')
    return {
      reload: () => void reload(),
      unready: () => (authority.current() === undefined ? 'no consensus yet' : undefined),
    }
  })
}
