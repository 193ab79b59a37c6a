// A process of `npm run soak`: the program of its role as an operator starts it. A client remembers fewer messages,
// sent and received, so that what is bounded is full when measuring begins. A planted leak stands in soak.json beside
// its configuration.

import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { defaultLimits } from '../../client/limits.ts'
import { runAuthority } from '../../roles/authority.ts'
import { runClient } from '../../roles/client.ts'
import { runNode } from '../../roles/node.ts'
import { changedLink } from '../chaos-directory/liar.ts'
import { leaks, type Soaked } from './leaks.ts'

const finished = 10
const ledger = 100
const inbox = { messages: 20, seen: 50 }
/** Garbage is collected this often: what a collector has not looked at yet is not held. */
const collectEveryMs = 4000

// A planted leak of listeners is to be measured, not warned of.
process.setMaxListeners(0)
setInterval(() => void globalThis.gc?.(), collectEveryMs).unref()

const [role, , file] = process.argv.slice(2) as [string, string, string]
const { leak } = JSON.parse(readFileSync(join(dirname(file), 'soak.json'), 'utf8')) as Soaked
const spill = leak === undefined ? undefined : leaks[leak]

try {
  if (role === 'authority') await runAuthority(file)
  else if (role === 'client')
    await runClient(file, async options => ({
      ...options,
      limits: {
        outbox: { ...defaultLimits.outbox, finished },
        inbox: { ...defaultLimits.inbox, ...inbox },
        ledger,
      },
    }))
  else
    await runNode(role as 'mix' | 'gateway', file, footing => {
      const { link } = footing
      if (spill === undefined) return footing
      const onCells: typeof link.onCells = handler =>
        link.onCells((from, cells) => {
          spill(cells)
          handler(from, cells)
        })
      return { ...footing, link: changedLink(link, { onCells }) }
    })
} catch (error) {
  console.error(error)
  process.exit(1)
}
