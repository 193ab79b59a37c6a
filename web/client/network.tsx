// The network as the client sees it: its document, its nodes as a picture and as a table, and the way that the newest
// packet of one's own took.

import type { JSX } from 'preact'
import { useEffect, useMemo, useState } from 'preact/hooks'
import type { NodeJson, PathJson } from '../../client/remote/index.ts'
import { Facts } from '../parts/facts.tsx'
import { dateTime, fromNow, short } from '../parts/format.ts'
import { t } from '../parts/language.ts'
import { NodeTable } from '../parts/node-table.tsx'
import { type Dot, Topology } from '../parts/topology.tsx'
import { daemon } from './daemon.ts'

export function NetworkView(): JSX.Element {
  const { consensus: known, client, status } = daemon.value
  const consensus = known.value
  const [chosen, setChosen] = useState<string>()
  const [paths, setPaths] = useState<readonly PathJson[]>([])
  useEffect(() => {
    client.paths().then(setPaths, () => {})
  }, [consensus?.hash])
  const dots = useMemo(() => (consensus?.nodes ?? []).flatMap(dotsOf), [consensus])
  const texts = t().network
  if (consensus === undefined) return <p class="empty">{texts.none}</p>
  const home = status.value?.gateway ?? ''
  const late = status.value?.directory.late
  return (
    <>
      <h2>{consensus.network}</h2>
      {late && <p class="warning">{texts.late(fromNow(late.worksUntil))}</p>}
      <Facts
        of={[
          [texts.epoch, String(consensus.epoch)],
          [texts.signed, texts.signers(consensus.signers.length)],
          [texts.fresh, dateTime(consensus.freshUntil)],
          [texts.document, <code key="hash">{short(consensus.hash, 16)}</code>],
          [texts.mixing, `${consensus.mixing}, ${consensus.topology}`],
          [texts.home, <code key="home">{short(home, 12)}</code>],
        ]}
      />
      <Topology dots={dots} chosen={chosen} onChoose={setChosen} path={paths.at(-1)?.hops} />
      <p class="quiet">{paths.length === 0 ? texts.noPath : texts.path}</p>
      <NodeTable dots={dots} chosen={chosen} onChoose={setChosen} />
    </>
  )
}

/** Members of a crowd carry no packets, and have no place in the picture. */
function dotsOf({ id, role, layer, running, reliable }: NodeJson): readonly Dot[] {
  if (role === 'member') return []
  const dot: Dot = {
    id,
    role,
    layer,
    how: !running ? 'bad' : reliable ? 'good' : 'wait',
    label: short(id, 8),
  }
  return [dot]
}
