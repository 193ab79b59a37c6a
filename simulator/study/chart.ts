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

/**
 * Draws lines over one axis.
 *
 * @param labels what stands under the horizontal and beside the vertical axis
 */
export function chart(series: readonly Series[], labels: { readonly x: string; readonly y: string }): string {
  const all = series.flatMap(({ points }) => points)
  const xs = ticks(all.map(({ x }) => x))
  const ys = ticks([0, ...all.map(({ y, error }) => y + error)])
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
    ...xs.map(x => text(px(x), bottom + 16, shown(x), 'middle')),
    ...ys.map(y => text(size.left - 6, Number(py(y)) + 4, shown(y), 'end')),
    text((size.left + right) / 2, size.height - 8, labels.x, 'middle'),
    text(size.left, size.top - 4, labels.y, 'start'),
  ]
  const lines = series.map(({ name, points }, i) => {
    const colour = colours[i % colours.length] as string
    const sorted = points.toSorted((a, b) => a.x - b.x)
    const path = sorted.map(({ x, y }, at) => `${at === 0 ? 'M' : 'L'}${px(x)} ${py(y)}`).join('')
    const bars = sorted.map(({ x, y, error }) => `<path d="M${px(x)} ${py(y - error)}V${py(y + error)}"/>`)
    const dots = sorted.map(({ x, y }) => `<circle cx="${px(x)}" cy="${py(y)}" r="3" fill="${colour}"/>`)
    const key = text(right + 24, size.top + 12 + 18 * i, name, 'start')
    const mark = `<path d="M${right + 6} ${size.top + 8 + 18 * i}h14"/>`
    return `<g stroke="${colour}" fill="none" stroke-width="2"><path d="${path}"/>${bars.join('')}${mark}</g>${dots.join('')}${key}`
  })
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${size.width} ${size.height}" role="img"`,
    ` font-family="sans-serif" font-size="12"><title>${escaped(labels.y)} by ${escaped(labels.x)}</title>`,
    `<g stroke="#ccc">${grid.join('')}</g>${numbers.join('')}${lines.join('')}</svg>`,
  ].join('')
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
