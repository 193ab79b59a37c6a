// chaffinch cascade controller: a mix-net's server, with the page of its elections.

import { join } from 'node:path'
import { CascadeError, signerOf } from '../../cascade/index.ts'
import { serveController } from '../../cascade/server/index.ts'
import { CommandError, wholeNumber } from '../../encoding/command-line.ts'
import { coreGroup } from '../../shuffle/index.ts'
import { systemClock } from '../../world/clock.ts'
import { readKey } from '../files/index.ts'
import { closing, openLog, runRole } from '../role.ts'
import { planName, readPlanFile } from './folder.ts'
import { PublicElections } from './public-elections.ts'
import { keepHead, readHead } from './signed-head.ts'

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
      const seed = readKey(join(folder, 'log.key'))
      const headFile = join(folder, 'signed-head')
      const storage = options.storage ?? join(folder, 'journal.sqlite')
      const served = await serveController({
        mixnet: plan.mixnet,
        group: coreGroup(),
        seed,
        signed: readHead(headFile, plan.mixnet, signerOf(seed).keyData),
        storage,
        port: wholeNumber('port', options.port ?? usual, 0, 65_535),
        address: options.address,
        clock: systemClock,
        routes: (app, controller) => elections.routes(app, controller),
        linked: elections.linked,
      }).catch((error: unknown) => {
        throw journalError(folder, error)
      })
      later(() => served.close())
      const { controller } = served
      later(keepHead(headFile, controller, log))
      log.info({ url: served.url, entries: controller.size }, 'started')
      return { failed: controller.broken.then(error => unwritten(error)) }
    }),
  )
}

const restore = 'restore it from a copy that is as long: a shorter log is a lie to all who have seen more'

/** Tells of a journal that is damaged; what else went wrong is told as it is. */
function journalError(folder: string, error: unknown): unknown {
  const { code = '' } = error as { readonly code?: unknown }
  const isDamaged =
    error instanceof SyntaxError || /^SQLITE_(CORRUPT|NOTADB|CANTOPEN|IOERR)/.test(String(code))
  if (error instanceof CascadeError || isDamaged)
    return new CommandError('FAILED', `${folder}: the journal: ${(error as Error).message}`, restore)
  return error
}

function unwritten(error: unknown): CommandError {
  const why = error instanceof Error ? error.message : String(error)
  return new CommandError(
    'FAILED',
    `the journal cannot be written: ${why}`,
    'see to the disk, and start again',
  )
}
