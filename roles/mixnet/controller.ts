// chaffinch cascade controller: a mix-net's server, with the page of its elections.

import { join } from 'node:path'
import { CascadeError } from '../../cascade/index.ts'
import { serveController } from '../../cascade/server/index.ts'
import { CommandError, wholeNumber } from '../../encoding/command-line.ts'
import { coreGroup } from '../../shuffle/index.ts'
import { systemClock } from '../../world/clock.ts'
import { readKey } from '../files/index.ts'
import { closing, openLog, runRole } from '../role.ts'
import { planName, readPlanFile } from './folder.ts'
import { PublicElections } from './public-elections.ts'

export interface ControllerOptions {
  readonly port?: string
  readonly address?: string
  readonly storage?: string
}

/** Runs until SIGTERM or Ctrl-C. @returns the exit code */
export async function runController(folder: string, options: ControllerOptions): Promise<number> {
  const log = openLog('controller', 'info')
  return await runRole(log, () =>
    closing(async later => {
      const plan = readPlanFile(join(folder, planName))
      const url = new URL(plan.url)
      const elections = new PublicElections(plan, folder)
      const usual = url.port === '' ? '80' : url.port
      const served = await serveController({
        mixnet: plan.mixnet,
        group: coreGroup(),
        seed: readKey(join(folder, 'log.key')),
        storage: options.storage ?? join(folder, 'journal.sqlite'),
        port: wholeNumber('port', options.port ?? usual, 0, 65_535),
        address: options.address,
        clock: systemClock,
        routes: (app, controller) => elections.routes(app, controller),
        linked: elections.linked,
      }).catch((error: unknown) => {
        if (!(error instanceof CascadeError)) throw error
        throw new CommandError('FAILED', `${folder}: the journal holds what cannot be: ${error.message}`)
      })
      later(() => served.close())
      log.info({ url: served.url, entries: served.controller.size }, 'started')
      return {}
    }),
  )
}
