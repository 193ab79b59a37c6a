// The program of a client: one that stays, with its HTTP API on loopback.

import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { logPart, metricsPart, serveClient } from '../client/api/index.ts'
import { lockOf } from '../client/folder/index.ts'
import {
  type ClientOptions,
  type Identities,
  openIdentities,
  ownServices,
  type Unlock,
} from '../client/index.ts'
import { type Payments, paymentApi } from '../payment/index.ts'
import { systemClock } from '../world/clock.ts'
import { tokenFrom } from '../world/http.ts'
import type { Log } from '../world/log.ts'
import { LogLines } from '../world/log-lines.ts'
import { readClientFile } from './files/config.ts'
import { openFolder, tellPort } from './files/folder.ts'
import { askPassphrase, secretFromFiles } from './files/secret.ts'
import type { ClientFile } from './files/shapes.ts'
import { watchHiding } from './hiding.ts'
import { paymentsFrom } from './payments.ts'
import { closing, openLog, type RoleLog, type Running, runRole } from './role.ts'

/** Other options than the file gives; a harness hands in parts of its own. */
type Around = (options: ClientOptions) => Promise<ClientOptions>

/** Runs a client until it is told to end. @param file its configuration */
export async function runClient(file: string, around: Around = async options => options): Promise<number> {
  const config = readClientFile(file)
  openFolder(config.folder, 'client')
  const log = openLog('client', config.log)
  return await runRole(log, () => start(config, log, around))
}

async function start(config: ClientFile, to: RoleLog, around: Around): Promise<Running> {
  const { network, folder, apiPort } = config
  const lines = new LogLines(systemClock.now)
  const log = lines.around(to)
  return await closing(async later => {
    const token = await tokenFrom(join(folder, 'token'))
    const unlock = await unlockOf(config)
    const identities = await openFrom(config, around, log, unlock)
    later(() => identities.close())
    const { main: client } = identities
    // Whoever can be asked for an echo can be pinged
    const served = new Set(config.serve.includes('echo') ? [...config.serve, 'ping' as const] : config.serve)
    for (const name of served) {
      const { handler, options } = ownServices[name]
      client.serve(name, handler, { ...options, announce: name === config.announce })
    }
    const payments = paymentsFrom(config, client, unlock)
    later(() => payments.close())
    const carried = async (): Promise<Payments> => {
      const open = await payments.open()
      await open.carry()
      return open
    }
    // Payments that were agreed before go on by themselves
    if (payments.isNamed) await carried().catch(error => payOff(error, log))
    const paying = paymentApi({
      payments: carried,
      on: payments.on,
      apps: new Set(config.payments.apps),
      now: () => systemClock.now(),
    })
    const apps = await appTokens(config)
    const { appIdentities } = config
    const hiding = watchHiding(client, systemClock, log)
    later(async () => hiding.close())
    const anonymity = hiding.current
    const parts = [paying, metricsPart(client, systemClock.now), logPart(lines)]
    const api = await serveClient({
      client,
      identities,
      port: apiPort,
      token,
      apps,
      appIdentities,
      parts,
      anonymity,
    })
    later(() => api.close())
    later(tellPort(folder, api.port))
    log.info(
      { network: network.name, api: api.url, folder },
      'started: the token is in the folder, and chaffinch open shows its page',
    )
    return { unready: () => (client.status().ready ? undefined : client.notReady().message) }
  })
}

/** A client whose payments cannot be opened carries messages all the same. */
function payOff(error: unknown, log: Log): void {
  const why = error instanceof Error ? error.message : String(error)
  log.error({ why }, 'nothing can be paid')
}

/**
 * Gives what opens a client's folder: from the files that its own file names, or, where it has a lock, asked for.
 *
 * @throws CommandError FAILED
 */
export async function unlockOf({ folder, secret }: ClientFile): Promise<Unlock | undefined> {
  const named = secretFromFiles(secret)
  if (named !== undefined || lockOf(join(folder, 'store')) === undefined) return named
  return await askPassphrase('passphrase')
}

/**
 * Opens the client of a folder.
 *
 * @param unlock `unlockOf` the file
 * @throws what openClient throws
 */
export async function openFrom(
  config: ClientFile,
  around: Around = async options => options,
  log: Log = openLog('client', config.log),
  unlock: Unlock | undefined = undefined,
): Promise<Identities> {
  const { network, folder, gateways, homes, patienceMs, sources, dialFrom, cover, acknowledge } = config
  const store = join(folder, 'store')
  const options = await around({
    network,
    folder: store,
    ...(unlock === undefined ? {} : { unlock }),
    cover,
    acknowledge,
    sources,
    log,
    ...(gateways.length === 0 ? {} : { gateways }),
    ...(homes === undefined ? {} : { homes }),
    ...(patienceMs === undefined ? {} : { patienceMs }),
    ...(dialFrom === undefined ? {} : { dialFrom }),
  })
  return await openIdentities(options)
}

/** FOLDER/apps/NAME for each app. */
async function appTokens({ folder, apps }: ClientFile): Promise<Map<string, string>> {
  const tokens = new Map<string, string>()
  if (apps.length > 0) mkdirSync(join(folder, 'apps'), { recursive: true, mode: 0o700 })
  for (const app of apps) tokens.set(app, await tokenFrom(join(folder, 'apps', app)))
  return tokens
}
