// Lines over time (uPlot), and the newest numbers as text for whoever does not see them.

import type { JSX } from 'preact'
import { useEffect, useRef } from 'preact/hooks'
import UPlot from 'uplot'
import 'uplot/dist/uPlot.min.css'
import { decimal, timeOfDay, timeSeconds } from './format.ts'
import type { Rates } from './history.ts'
import { t } from './language.ts'

export interface Line {
  /** Names one of the rates' series. */
  readonly name: string
  readonly label: string
}

interface ChartProps {
  readonly title: string
  readonly rates: Rates
  readonly lines: readonly Line[]
}

const height = 160
/** Told apart by dash as well as by colour. */
const dashes = [[], [6, 3], [2, 3], [8, 3, 2, 3], [4, 6], [1, 5]]

export function Chart({ title, rates, lines }: ChartProps): JSX.Element {
  const place = useRef<HTMLDivElement>(null)
  const plot = useRef<UPlot>(undefined)
  const labels = lines.map(({ label }) => label).join()
  useEffect(() => {
    const box = place.current
    if (box === null) return
    const made = new UPlot(optionsOf(box, lines), dataOf(rates, lines), box)
    plot.current = made
    const fit = new ResizeObserver(() => made.setSize({ width: box.clientWidth, height }))
    fit.observe(box)
    return () => {
      fit.disconnect()
      made.destroy()
    }
  }, [labels])
  useEffect(() => plot.current?.setData(dataOf(rates, lines)), [rates])
  const now = lines.map(({ name, label }) => `${label} ${decimal(rates.series[name]?.at(-1) ?? 0)}`)
  return (
    <figure class="chart">
      <figcaption>
        {title} <span class="quiet">{t().parts.perSecond(now.join(', '))}</span>
      </figcaption>
      <div ref={place} aria-hidden="true" />
    </figure>
  )
}

function dataOf({ times, series }: Rates, lines: readonly Line[]): UPlot.AlignedData {
  return [[...times], ...lines.map(({ name }) => [...(series[name] ?? times.map(() => 0))])]
}

function optionsOf(box: HTMLElement, lines: readonly Line[]): UPlot.Options {
  const style = getComputedStyle(box)
  const ink = style.getPropertyValue('--ink')
  const axis = { stroke: ink, grid: { stroke: style.getPropertyValue('--line') } }
  const times = (_: UPlot, splits: number[], _axis: number, _space: number, step: number): string[] =>
    splits.map(at => (step < 60 ? timeSeconds(1000 * at) : timeOfDay(1000 * at)))
  return {
    width: Math.max(200, box.clientWidth),
    height,
    legend: { show: false },
    cursor: { show: false },
    axes: [
      { ...axis, space: 80, values: times },
      { ...axis, size: 56, values: (_, splits) => splits.map(decimal) },
    ],
    scales: { y: { range: (_, least, most) => [Math.min(0, least), Math.max(1, most * 1.1)] } },
    series: [
      {},
      ...lines.map(({ label }, i) => ({
        label,
        stroke: style.getPropertyValue(`--line-${(i % 6) + 1}`),
        width: 2,
        dash: dashes[i % dashes.length] ?? [],
        points: { show: false },
      })),
    ],
  }
}
