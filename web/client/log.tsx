// What the daemon's log says, in words.

import type { JSX } from 'preact'
import { RemoteClient } from '../../client/remote/index.ts'
import { LogLinesView } from '../parts/log-view.tsx'
import { askFetch, tokenOfTab } from '../parts/session.ts'

/** The log is the process's, whichever identity is looked at. */
const main = new RemoteClient({ url: location.origin, token: tokenOfTab, fetch: askFetch })

export function LogView(): JSX.Element {
  return <LogLinesView read={after => main.log(after)} />
}
