// The last minute twice, on one axis of time: above what is true, each message from its sender to its reader; below
// what somebody who sees every link has written down, bytes by second, whether anybody wrote or not.

import type { JSX } from 'preact'
import { Choice } from '../parts/choice.tsx'
import { size } from '../parts/format.ts'
import { t } from '../parts/language.ts'
import { type MessageNow, type NetState, type SeenNow, state, watched } from './state.ts'

const [left, width, rowHeight] = [190, 700, 14]
const mostRows = 24

export function SeenView(): JSX.Element {
  const { seen, messages, processes } = state.value as NetState
  const texts = t().net
  const until = seen.from + 60 * seen.stretchMs
  const shown = messages
    .filter(({ acceptedAt, readAt, replyReadAt }) => {
      const last = replyReadAt[0] ?? readAt[0] ?? until
      return acceptedAt !== undefined && acceptedAt < until && last > seen.from
    })
    .slice(-mostRows)
  return (
    <>
      <h2>{texts.seen}</h2>
      <p class="quiet">{texts.aboutSeen}</p>
      <Choice
        label={texts.linksOf}
        value={watched.value}
        of={['client', ...processes.map(({ name }) => name)]}
        nameOf={name => (name === 'client' ? texts.allClients : name)}
        onChange={name => {
          watched.value = name
        }}
      />
      <h3>{texts.truth}</h3>
      {shown.length === 0 && <p class="empty">{texts.quiet}</p>}
      <Truth messages={shown} seen={seen} />
      <h3>{texts.observer}</h3>
      {seen.links.length === 0 && <p class="empty">{texts.nothingSeen}</p>}
      <Links seen={seen} />
    </>
  )
}

function xOf({ from, stretchMs }: SeenNow, at: number): number {
  return left + Math.min(1, Math.max(0, (at - from) / (60 * stretchMs))) * width
}

function Truth({
  messages,
  seen,
}: {
  readonly messages: readonly MessageNow[]
  readonly seen: SeenNow
}): JSX.Element {
  const end = seen.from + 60 * seen.stretchMs
  return (
    <svg
      class="times"
      viewBox={`0 0 ${left + width} ${Math.max(1, messages.length) * rowHeight}`}
      role="img"
      aria-label={t().net.truthOf(messages.length)}
    >
      {messages.map(({ id, from, to, acceptedAt = 0, readAt, replyReadAt }, i) => {
        const y = i * rowHeight
        const read = xOf(seen, readAt[0] ?? end)
        const begin = xOf(seen, acceptedAt)
        return (
          <g key={id}>
            <text x={0} y={y + 10}>{`${from} → ${to}`}</text>
            <rect class="there" x={begin} y={y + 3} width={Math.max(2, read - begin)} height={8} />
            {readAt[0] !== undefined && replyReadAt[0] !== undefined && (
              <rect
                class="reply"
                x={read}
                y={y + 3}
                width={Math.max(2, xOf(seen, replyReadAt[0]) - read)}
                height={8}
              />
            )}
          </g>
        )
      })}
    </svg>
  )
}

function Links({ seen }: { readonly seen: SeenNow }): JSX.Element {
  const step = width / 60
  return (
    <svg
      class="times"
      viewBox={`0 0 ${left + width} ${Math.max(1, seen.links.length) * rowHeight}`}
      role="img"
      aria-label={t().net.linksSeen(seen.links.length)}
    >
      {seen.links.map(({ link, bytes }, i) => {
        const most = Math.max(1, ...bytes)
        return (
          <g key={link}>
            <text x={0} y={i * rowHeight + 10}>
              {link}
            </text>
            <title>{`${link}: ${size(bytes.reduce((sum, n) => sum + n, 0))}`}</title>
            {bytes.map((of, at) =>
              of === 0 ? null : (
                <rect
                  key={at}
                  class="bytes"
                  x={left + at * step}
                  y={i * rowHeight + 1}
                  width={step}
                  height={rowHeight - 2}
                  fill-opacity={(of / most).toFixed(2)}
                />
              ),
            )}
          </g>
        )
      })}
    </svg>
  )
}
