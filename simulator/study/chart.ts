// A picture of a sweep: lines with their intervals, as SVG that stands by itself.

export interface ChartPoint {
  readonly x: number
  readonly y: number
  /** Half the length of its interval. */
  readonly error: number
}

export interface Series {
  readonly name: string
  readonly points: readonly ChartPoint[]
}

const size = { width: 640, height: 360, left: 56, right: 150, top: 16, bottom: 44 }
/** Colours that people with the usual kinds of colour blindness can tell apart (Okabe and Ito). */
const colours = ['#0072b2', '#d55e00', '#009e73', '#cc79a7', '#e69f00', '#56b4e9', '#000000']

/** An axis shows values, or powers of ten; then it has no place for what is not above 0. */
export type Axis = 'linear' | 'logarithmic'

/**
 * Draws lines over one axis.
 *
 * @param labels what stands under the horizontal and beside the vertical axis
 * @param axes how they run; default: linear
 */
export function chart(
  lines: readonly Series[],
  labels: { readonly x: string; readonly y: string },
  axes: { readonly x: Axis; readonly y: Axis } = { x: 'linear', y: 'linear' },
): string {
  const logarithmic = { x: axes.x === 'logarithmic', y: axes.y === 'logarithmic' }
  const series = lines.map(({ name, points }) => ({ name, points: points.flatMap(onAxes(logarithmic)) }))
  const all = series.flatMap(({ points }) => points)
  const xs = logarithmic.x ? powers(all.map(({ x }) => x)) : ticks(all.map(({ x }) => x))
  const ys = logarithmic.y
    ? powers(all.flatMap(({ low, high }) => [low, high]))
    : ticks([0, ...all.map(({ high }) => high)])
  const right = size.width - size.right
  const bottom = size.height - size.bottom
  const placed = (value: number, of: readonly number[], from: number, to: number): number => {
    const least = of[0] as number
    const most = of.at(-1) as number
    return from + ((value - least) / (most - least)) * (to - from)
  }
  const px = (x: number): string => placed(x, xs, size.left, right).toFixed(1)
  const py = (y: number): string => placed(y, ys, bottom, size.top).toFixed(1)
  const grid = [
    ...xs.map(x => `<path d="M${px(x)} ${size.top}V${bottom}"/>`),
    ...ys.map(y => `<path d="M${size.left} ${py(y)}H${right}"/>`),
  ]
  const numbers = [
    ...xs.map(x => text(px(x), bottom + 16, shown(logarithmic.x ? 10 ** x : x), 'middle')),
    ...ys.map(y => text(size.left - 6, Number(py(y)) + 4, shown(logarithmic.y ? 10 ** y : y), 'end')),
    text((size.left + right) / 2, size.height - 8, labels.x, 'middle'),
    text(size.left, size.top - 4, labels.y, 'start'),
  ]
  const drawn = series.map(({ name, points }, i) => {
    const colour = colours[i % colours.length] as string
    const sorted = points.toSorted((a, b) => a.x - b.x)
    const path = sorted.map(({ x, y }, at) => `${at === 0 ? 'M' : 'L'}${px(x)} ${py(y)}`).join('')
    const bars = sorted.map(({ x, low, high }) => `<path d="M${px(x)} ${py(low)}V${py(high)}"/>`)
    const dots = sorted.map(({ x, y }) => `<circle cx="${px(x)}" cy="${py(y)}" r="3" fill="${colour}"/>`)
    const key = text(right + 24, size.top + 12 + 18 * i, name, 'start')
    const mark = `<path d="M${right + 6} ${size.top + 8 + 18 * i}h14"/>`
    return `<g stroke="${colour}" fill="none" stroke-width="2"><path d="${path}"/>${bars.join('')}${mark}</g>${dots.join('')}${key}`
  })
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${size.width} ${size.height}" role="img"`,
    ` font-family="sans-serif" font-size="12"><title>${escaped(labels.y)} by ${escaped(labels.x)}</title>`,
    `<g stroke="#ccc">${grid.join('')}</g>${numbers.join('')}${drawn.join('')}</svg>`,
  ].join('')
}

interface Placed {
  readonly x: number
  readonly y: number
  readonly low: number
  readonly high: number
}

/** Gives a point's place on its axes; none where an axis has none for it. */
function onAxes(logarithmic: { readonly x: boolean; readonly y: boolean }): (point: ChartPoint) => Placed[] {
  const along = (is: boolean, value: number): number => (is ? Math.log10(value) : value)
  return ({ x, y, error }) => {
    const placed = { x: along(logarithmic.x, x), y: along(logarithmic.y, y) }
    if (!Number.isFinite(placed.x) || !Number.isFinite(placed.y)) return []
    const low = along(logarithmic.y, y - error)
    const high = along(logarithmic.y, y + error)
    return [{ ...placed, low: Number.isFinite(low) ? low : placed.y, high }]
  }
}

/** Gives whole numbers from below the least to above the most, at least two. */
function powers(values: readonly number[]): number[] {
  const from = Math.floor(Math.min(...values))
  const to = Math.max(from + 1, Math.ceil(Math.max(...values)))
  return Array.from({ length: to - from + 1 }, (_, i) => from + i)
}

/** Gives round numbers from below the least to above the most, rising, at least two. */
function ticks(values: readonly number[]): number[] {
  const least = Math.min(...values)
  const most = Math.max(...values)
  const span = most > least ? most - least : Math.abs(most) || 1
  const rough = 10 ** Math.floor(Math.log10(span / 5))
  const step = ([1, 2, 5, 10].find(each => each * rough * 6.5 >= span) ?? 10) * rough
  const from = Math.floor(least / step)
  const to = Math.max(from + 1, Math.ceil(most / step))
  return Array.from({ length: to - from + 1 }, (_, i) => (from + i) * step)
}

function shown(value: number): string {
  return String(Number(value.toPrecision(6)))
}

function text(x: number | string, y: number, says: string, anchor: string): string {
  return `<text x="${x}" y="${y}" text-anchor="${anchor}">${escaped(says)}</text>`
}

/** Makes a text safe between tags and in attributes of HTML and SVG. */
export function escaped(says: string): string {
  return says.replace(/[&<>"']/g, each => `&#${each.charCodeAt(0)};`)
}
