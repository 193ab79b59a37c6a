// The certificate of a role that listens on `/tls/ws`: read when it starts, and again when its files change or the role
// is told to read its file again. What cannot be used changes nothing.

import { CommandError } from '../encoding/command-line.ts'
import { Certificates } from '../link/index.ts'
import type { Log } from '../world/log.ts'
import { readTls, type TlsFiles, type TlsRead } from './files/tls.ts'

/** The files are looked at so often, milliseconds. */
const lookMs = 5000

export interface Tls {
  readonly certificates: Certificates
  /** Reads the files again. */
  reload(): void
  close(): Promise<void>
}

/** @throws CommandError CONFIG */
export function openTls(files: TlsFiles, log: Log, everyMs: number = lookMs): Tls {
  let now = readTls(files)
  const certificates = new Certificates(now)
  tellAge(now, log)
  let told = ''
  const reload = (): void => {
    try {
      const read = readTls(files)
      told = ''
      if (read.chain === now.chain && read.key === now.key) return
      now = read
      certificates.use(read)
      log.info({ until: new Date(read.until).toISOString() }, 'a new certificate is shown from now on')
      tellAge(read, log)
    } catch (error) {
      // Also what nobody thought of: it comes from a timer, and ends no gateway
      const why = error instanceof Error ? error.message : String(error)
      if (told === why) return
      told = why
      const code = error instanceof CommandError ? error.code : 'FAILED'
      log.error({ code, error: told }, 'the certificate of before is shown on')
    }
  }
  // what they say is compared, so that a link that leads elsewhere now, or a file put in their place, is seen as well
  const looking = setInterval(reload, everyMs).unref()
  return { certificates, reload, close: async () => clearInterval(looking) }
}

function tellAge({ until }: TlsRead, log: Log): void {
  if (until < Date.now())
    log.warn({ until: new Date(until).toISOString() }, 'the certificate has ended: nobody connects over TLS')
}
