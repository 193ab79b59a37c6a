// npm run bench -- rounds: the third source's protocol, small, and a quick form of the whole measurement.
// tier: slow

import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { chart } from '../simulator/study/chart.ts'
import type { RoundsResult } from '../trials/bench/rounds.ts'
import { keyPair, open, runSourceRound, wrap } from '../trials/bench/rounds-source.ts'

test('a message in boxes for its reader and three servers is opened by each in turn, and by nobody else', () => {
  const servers = [keyPair(), keyPair(), keyPair()] as const
  const reader = keyPair()
  const keys = servers.map(({ publicKey }) => publicKey)
  const wrapped = wrap(Buffer.from('hello'), { number: 7, publicKey: reader.publicKey }, keys)
  assert.throws(() => open(servers[1], wrapped), /not for this key/)
  const addresses: number[] = []
  let rest = wrapped
  for (const server of servers) {
    const opened = open(server, rest)
    addresses.push(opened.readUInt16BE())
    rest = opened.subarray(2)
  }
  assert.equal(addresses, [0xffff, 0xffff, 7])
  assert.is(open(reader, rest).toString(), 'hello')
  // 48 bytes a box and two for where it goes: whoever sees it on a link reads the message's length off it
  assert.is(wrapped.length, 5 + 4 * 48 + 3 * 2)
})

test('in a round of five clients the first message reaches its reader once the round is over', async () => {
  const roundMs = 200
  const found = await runSourceRound({ clients: 5, bytes: 100_000, roundMs, sentAfter: 0.5 })
  assert.ok(found.endToEndMs >= roundMs / 2 - 2, `${found.endToEndMs} ms`)
  assert.ok(found.prepareMs > 0 && found.mixMs > 0 && found.waitedMs >= 0)
})

test('lines on axes of powers of ten stand at equal distances', () => {
  const points = [1, 10, 100].map(x => ({ x, y: 10 * x, error: 0 }))
  const svg = chart([{ name: 'a', points }], { x: 'b', y: 'c' }, { x: 'logarithmic', y: 'logarithmic' })
  const path = /<path d="(M[^"]*L[^"]*)"\/>/.exec(svg)?.[1] ?? ''
  const places = [...path.matchAll(/[ML]([\d.]+) ([\d.]+)/g)].map(match => [
    Number(match[1]),
    Number(match[2]),
  ])
  const [[x0, y0], [x1, y1], [x2, y2]] = places as [[number, number], [number, number], [number, number]]
  assert.ok(Math.abs(x2 - x1 - (x1 - x0)) < 0.2 && Math.abs(y2 - y1 - (y1 - y0)) < 0.2, path)
  assert.match(svg, />1000</)
  const none = chart(
    [{ name: 'a', points: [...points, { x: 0, y: 5, error: 0 }] }],
    { x: 'b', y: 'c' },
    {
      x: 'logarithmic',
      y: 'linear',
    },
  )
  assert.not.match(none, /NaN|Infinity/)
})

test('the quick form measures all three systems and draws two pictures', () => {
  const folder = mkdtempSync(join(tmpdir(), 'chaffinch-rounds-'))
  try {
    const { stdout, stderr } = spawnSync(
      process.execPath,
      [...process.execArgv, 'trials/bench.ts', 'rounds', '--quick', '--json', '--pictures', folder],
      {
        cwd: join(import.meta.dirname, '..'),
        encoding: 'utf8',
        env: { ...process.env, CHROMIUM: '/nowhere' },
      },
    )
    const { rows, pictures } = JSON.parse(stdout) as RoundsResult
    assert.equal([...new Set(rows.map(({ system }) => system))], ['source', 'rounds', 'default'], stderr)
    for (const row of rows) {
      for (const metric of ['prepareMs', 'mixMs', 'endToEndMs'] as const) assert.ok(row[metric] > 0, metric)
      // Ours carries every message in packets of one length
      assert.is(row.packets, row.bytes > 8000 && row.system !== 'source' ? 2 : 1)
    }
    const inRounds = rows.filter(({ system }) => system === 'rounds')
    assert.ok(inRounds.every(({ endToEndMs, holdMs }) => endToEndMs > 3 * holdMs))
    assert.equal(
      pictures.map(picture => picture.slice(folder.length + 1)),
      ['rounds-clients.svg', 'rounds-sizes.svg'],
    )
    for (const picture of pictures) {
      assert.ok(existsSync(picture))
      assert.not.match(readFileSync(picture, 'utf8'), /NaN|Infinity/)
    }
    assert.match(stderr, /no PNG/)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
})

test.run()
