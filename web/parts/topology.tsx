// A network as a picture: gateways at both ends, the layers of mixes between them, and who sends to whom. Each node is
// a dot; which one is looked at, the table beside it says as well.

import type { JSX, VNode } from 'preact'
import { useMemo } from 'preact/hooks'
import { t } from './language.ts'

export interface Dot {
  readonly id: string
  readonly role: 'mix' | 'gateway'
  /** -1 for a gateway. */
  readonly layer: number
  readonly how: 'good' | 'wait' | 'bad'
  /** Shown beside the dot where there is room. */
  readonly label: string
}

interface TopologyProps {
  readonly dots: readonly Dot[]
  readonly chosen: string | undefined
  readonly onChoose: (id: string) => void
  /** Ids of hops that follow each other, to be drawn as a way. */
  readonly path?: readonly string[] | undefined
}

const width = 900
const rowHeight = 26
/** With more nodes in a column they are a grid of small dots without names. */
const mostNamed = 24
const gridColumns = 14
const gridStep = 11

interface Place {
  readonly x: number
  readonly y: number
}

/** Places nodes in columns: the gateways as doors on the left, then layer by layer, and the gateways again. */
export function placed(dots: readonly Dot[]): {
  readonly places: ReadonlyMap<string, readonly Place[]>
  readonly height: number
  readonly columns: readonly number[]
} {
  const layers = Math.max(0, ...dots.map(({ layer }) => layer + 1))
  const gateways = dots.filter(({ role }) => role === 'gateway')
  const columns = [
    gateways,
    ...Array.from({ length: layers }, (_, layer) => dots.filter(dot => dot.layer === layer)),
    gateways,
  ]
  const places = new Map<string, Place[]>()
  let height = 0
  columns.forEach((column, i) => {
    const x = (width / columns.length) * (i + 0.5)
    const isGrid = column.length > mostNamed
    column.forEach((dot, n) => {
      const place = isGrid
        ? {
            x: x + ((n % gridColumns) - gridColumns / 2) * gridStep,
            y: 40 + Math.floor(n / gridColumns) * gridStep,
          }
        : { x, y: 40 + n * rowHeight }
      height = Math.max(height, place.y + 24)
      places.set(dot.id, [...(places.get(dot.id) ?? []), place])
    })
  })
  return { places, height, columns: columns.map(({ length }) => length) }
}

export function Topology({ dots, chosen, onChoose, path = [] }: TopologyProps): JSX.Element {
  const { places, height, columns } = useMemo(() => placed(dots), [dots])
  // Drawn once a document: a thousand dots are not compared at every look
  const drawn = useMemo(() => dots.flatMap(dot => drawnDots(dot, places.get(dot.id) ?? [], columns)), [dots])
  const texts = t().network
  const choose = (event: Event): void => {
    const id = (event.target as Element).closest('[data-id]')?.getAttribute('data-id')
    if (id) onChoose(id)
  }
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: the table says and does the same by keyboard
    <svg
      class="topology"
      viewBox={`0 0 ${width} ${height}`}
      role="img"
      aria-label={texts.picture(dots.length)}
      onClick={choose}
    >
      {columns.map((_, i) => (
        <text key={i} class="column" x={(width / columns.length) * (i + 0.5)} y={16} text-anchor="middle">
          {i === 0 ? texts.enter : i === columns.length - 1 ? texts.leave : texts.layer(i)}
        </text>
      ))}
      {wayThrough(path, places)}
      {drawn}
      {(places.get(chosen ?? '') ?? []).map(({ x, y }) => (
        <circle key={`${x} ${y}`} class="chosen" cx={x} cy={y} r={11} />
      ))}
    </svg>
  )
}

function drawnDots(dot: Dot, at: readonly Place[], columns: readonly number[]): VNode[] {
  const isNamed = Math.max(...columns) <= mostNamed
  return at.map(({ x, y }, i) => (
    <g key={`${dot.id} ${i}`} data-id={dot.id} class={dot.how}>
      <circle cx={x} cy={y} r={isNamed ? 7 : 4} />
      {isNamed && (
        <text x={x + 12} y={y + 4}>
          {dot.label}
        </text>
      )}
    </g>
  ))
}

/** A way from left to right: of a gateway's two places it takes the first at the beginning, the second at the end. */
function wayThrough(
  path: readonly string[],
  places: ReadonlyMap<string, readonly Place[]>,
): JSX.Element | null {
  const points = path.flatMap((id, i) => {
    const at = places.get(id) ?? []
    const place = i === path.length - 1 ? at.at(-1) : at[0]
    return place === undefined ? [] : [`${place.x},${place.y}`]
  })
  return points.length < 2 ? null : <polyline class="way" points={points.join(' ')} />
}
