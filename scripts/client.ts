// chaffinch client: a client that stays, with its HTTP API on loopback.

import { join } from 'node:path'
import { openClient } from '../client/connect.ts'
import { serveClient } from '../client/daemon.ts'
import { tokenFrom } from '../link/http.ts'
import { type ClientFile, readClientFile } from './config.ts'
import { openFolder } from './folder.ts'
import { closing, configOption, openLog, type Running, runRole } from './role.ts'

export async function run(args: readonly string[]): Promise<undefined> {
  const config = readClientFile(configOption('client', args))
  openFolder(config.folder, 'client')
  return await runRole(() => start(config))
}

function start(config: ClientFile): Promise<Running> {
  const { network, folder, gateways, dialFrom, apiPort, cover } = config
  return closing(async later => {
    const token = await tokenFrom(join(folder, 'token'))
    const client = await openClient({
      network,
      folder: join(folder, 'store'),
      cover,
      log: openLog('client', config.log),
      ...(gateways.length === 0 ? {} : { gateways }),
      ...(dialFrom === undefined ? {} : { dialFrom }),
    })
    later(() => client.close())
    const api = await serveClient({ client, port: apiPort, token })
    later(() => api.close())
    console.error(`chaffinch: client of ${network.name}: its API is ${api.url}, the token in ${folder}/token`)
  })
}
