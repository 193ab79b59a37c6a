// A process of `npm run trial -- probing`: the program of its role as an operator starts it. Where a file `kind` lies
// beside its configuration it is a gateway that lets pass what it takes for nodes' loops, and drops all else.

import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { same } from '../../encoding/bytes.ts'
import { runAuthority } from '../../roles/authority.ts'
import { readNodeFile } from '../../roles/files/config.ts'
import { type Footing, runNode } from '../../roles/node.ts'
import { type Geometry, geometry } from '../../sphinx/geometry.ts'
import { peel } from '../../sphinx/peel.ts'
import { changedLink } from '../chaos-directory/liar.ts'

const keyEveryMs = 500
const keyBytes = 32

const [role, , file] = process.argv.slice(2) as [string, string, string]
const isKind = existsSync(join(dirname(file), 'kind'))

try {
  if (role === 'authority') await runAuthority(file)
  else await runNode(role as 'mix' | 'gateway', file, footing => (isKind ? kindToLoops(footing) : footing))
} catch (error) {
  console.error(error)
  process.exit(1)
}

function kindToLoops(footing: Footing): Footing {
  const { link, files, admission } = footing
  const g: Geometry = geometry(readNodeFile(file, 'gateway').network)
  let keys: Uint8Array[] = []
  setInterval(async () => {
    const read = await Promise.all(
      admission.views.map(view =>
        files.read(`packet-${view.epoch}.key`, 2 * keyBytes).catch(() => undefined),
      ),
    )
    keys = read.filter(key => key !== undefined).map(key => key.slice(0, keyBytes))
  }, keyEveryMs).unref()

  const isOfLastLayer = (id: Uint8Array): boolean =>
    admission.views.some(view => view.layers.at(-1)?.some(node => same(node.id, id)))
  /** Takes for a node's loop what comes from the last layer and goes on, or ends here for this node. */
  const isLoop = (cell: Uint8Array): boolean =>
    keys.some(key => {
      try {
        const peeled = peel(g, key, cell, () => false)
        return peeled.at === 'forward' || (peeled.at === 'reply' && same(peeled.recipient, link.id))
      } catch {
        return false
      }
    })
  return {
    ...footing,
    link: changedLink(link, {
      onCells: handler =>
        link.onCells((from, cells) => {
          const kept = isOfLastLayer(from) ? cells.filter(isLoop) : []
          return kept.length === 0 ? undefined : handler(from, kept)
        }),
    }),
  }
}
