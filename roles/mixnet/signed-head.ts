// What a Controller has signed last, beside its journal: a journal that is gone, older or another one than that is
// never taken for a beginning, since whoever has seen more would see two logs.

import { existsSync, readFileSync } from 'node:fs'
import { type Controller, type Head, readCheckpoint } from '../../cascade/index.ts'
import { CommandError } from '../../encoding/command-line.ts'
import type { Log } from '../../world/log.ts'
import { diskError, replaceFile } from '../files/index.ts'

/** Heads are written down so often: only the last of those that follow each other sooner. */
const pauseMs = 1000

/**
 * Reads the head that was written down; undefined before there was any.
 *
 * @throws CommandError FAILED for a file that is none of this log
 */
export function readHead(file: string, mixnet: string, keyData: Uint8Array): Head | undefined {
  if (!existsSync(file)) return undefined
  let text: string
  try {
    text = readFileSync(file, 'utf8')
  } catch (error) {
    throw new CommandError('FAILED', `${file}: ${diskError(error)}`)
  }
  const head = readCheckpoint(mixnet, keyData, text)
  if (head !== undefined) return head
  throw new CommandError(
    'FAILED',
    `${file}: is no checkpoint of this log`,
    'remove it if the journal is as it was: it is written again',
  )
}

/** Writes heads down until it is told to end. @returns how to end, after the last one */
export function keepHead(file: string, controller: Controller, log: Log): () => Promise<void> {
  let written = -1
  let isFailing = false
  const keep = (): void => {
    if (controller.size === written) return
    const { size } = controller
    try {
      replaceFile(file, controller.checkpoint(), 0o600)
      written = size
      isFailing = false
    } catch (error) {
      if (!isFailing) log.error({ why: String(error) }, 'what was signed cannot be written down')
      isFailing = true
    }
  }
  keep()
  const timer = setInterval(keep, pauseMs)
  return async () => {
    clearInterval(timer)
    keep()
  }
}
