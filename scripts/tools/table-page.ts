// docs/guide/live-table.md: the live table of `npm start` as it is drawn at two sizes, from a state that stands here.

import { frame, type NodeRow, type TableState } from '../network/table.ts'

const sizes = [
  [80, 24],
  [120, 45],
] as const

const claims = [
  'consensus-agreed',
  'consensus-signed',
  'epochs-passed',
  'messages-accepted',
  'messages-read-once',
  'messages-stored',
  'replies-arrived',
  'replier-untold',
  'counters-sum',
  'paths-layered',
  'kill-survived-mix',
  'kill-survived-gateway',
  'none-failed',
]

function node(name: string, role: NodeRow['role'], layer: number, mean: number): NodeRow {
  const isDead = name === 'mix-4'
  const rates = Array.from({ length: 32 }, (_, i) =>
    isDead && i > 20
      ? 0
      : Math.max(0, Math.round(mean * Math.min(1, i / 8) * (1 + 0.2 * Math.sin(i * layer + i)))),
  )
  const held = isDead ? 0 : Math.round(mean / 20)
  const forwarded = rates.reduce((sum, rate) => sum + rate, 0)
  const dropped: Record<string, number> = name === 'mix-1' ? { LATE: 3 } : {}
  return { name, role, layer, state: isDead ? 'dead' : 'up', held, forwarded, rates, dropped }
}

/** The usual network after half a minute: a mix was killed, everything has arrived. */
export const sample: TableState = {
  epoch: 2,
  epochLeftMs: 9_200,
  epochMs: 15_000,
  consensus: { hash: '5f'.repeat(32), signers: 3, of: 3 },
  late: undefined,
  authorities: ['votes', 'votes', 'agreement'].map((state, i) => ({ name: `authority-${i}`, state })),
  nodes: [
    ...Array.from({ length: 6 }, (_, i) => node(`mix-${i}`, 'mix', i % 3, 90 + 12 * i)),
    ...Array.from({ length: 2 }, (_, i) => node(`gateway-${i}`, 'gateway', -1, 240 + 30 * i)),
  ],
  clients: Array.from({ length: 6 }, (_, i) => ({
    name: `client-${i}`,
    state: 'up',
    queued: i === 0 ? 12 : 0,
    sent: 2,
    stored: 2,
    read: i % 2 === 0 ? 2 : 4,
  })),
  messages: { sent: 12, read: 12, replies: 12, of: 12 },
  latency: { drawnMs: 231, totalMs: 1940 },
  now: 'every claim holds; traffic goes on until Ctrl-C',
  tryFile: '/tmp/chaffinch-Xk3a9Q/try.sh',
  events: [
    '   0.3 s  started 17 processes',
    '   8.2 s  consensus of epoch 0 signed by 3: 5f5f5f5f5f5f5f5f',
    '  14.1 s  mix-4 was killed, 3 messages in flight',
    '  16.1 s  gateway-0 was killed, 4 messages in flight',
    '  22.0 s  gateway-0 is back',
    '  24.3 s  all messages are handed over',
  ],
  claims: claims.map(id => ({ id, holds: true, measured: true, value: 1 })),
}

/** Gives the page. */
export function tablePage(): string {
  const pictures = sizes.map(
    ([width, height], i) =>
      `## ${i + 1}. ${width} x ${height}\n\n\`\`\`text\n${frame(sample, width, height).join('\n')}\n\`\`\`\n`,
  )
  return `# The live table

\`npm start\` in a terminal: the epoch and how much of it is over, what the authorities do, one line of what happens now, the
nodes with the packets that they forward each second (the bars are the last half minute), the clients, the messages, the
claims as they were settled, and what happened last. What is up is green, what starts is yellow, what is dead or broken is
red; with NO_COLOR there are no colours, and without a terminal there is no table but a line for each event. Ctrl-C
at any time ends the network and says what was seen until then. This page is made by \`npm run docs\`.

${pictures.join('\n')}`
}
