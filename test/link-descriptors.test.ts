// docs/spec/link.md 6.1: a host's bounds fit into what its machine lets a process have; where they do not, no socket is
// left for anybody, and no file.
// tier: slow

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { createInterface } from 'node:readline'
import fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { descriptorsFor, withinDescriptors } from '../link/descriptors.ts'
import { descriptorLimit } from '../link/libp2p/sockets-node.ts'
import { defaultLimits } from '../link/limits.ts'
import { systemClock } from '../world/clock.ts'
import { sleep } from '../world/wait.ts'

const sockets = ({ connections, pendingConnections, dials, dialsAnew }: typeof defaultLimits): number =>
  connections + pendingConnections + dials + dialsAnew

test('bounds are lowered to what there is, with a third of few and 256 of many left', () => {
  const enough = descriptorsFor(defaultLimits)
  assert.is(withinDescriptors(defaultLimits, undefined), defaultLimits)
  assert.is(withinDescriptors(defaultLimits, enough), defaultLimits)
  assert.is(withinDescriptors(defaultLimits, enough + 1), defaultLimits)
  assert.ok(sockets(withinDescriptors(defaultLimits, enough - 1)) < sockets(defaultLimits))
  fc.assert(
    fc.property(fc.integer({ min: 100, max: enough - 1 }), descriptors => {
      const lowered = withinDescriptors(defaultLimits, descriptors)
      assert.ok(sockets(lowered) <= descriptors - Math.min(256, Math.floor(descriptors / 3)))
      for (const [name, bound] of Object.entries(lowered)) {
        assert.ok(bound <= defaultLimits[name as keyof typeof defaultLimits])
        if (typeof bound === 'number') assert.ok(bound >= Math.min(4, bound))
      }
    }),
  )
  const { connections, pendingConnections } = withinDescriptors(defaultLimits, 1)
  assert.ok(connections >= 8 && pendingConnections >= 4, 'fewer would be no host')
})

if (process.platform === 'linux')
  test('this machine says how many there are', () => {
    assert.ok((descriptorLimit() ?? 0) > 20)
  })

/** Starts a host that has 100 descriptors, and gives what it says, line by line. */
async function startPoor(how: 'lowered' | 'as wanted'): Promise<{
  port: number
  said: string[]
  isReached(): Promise<boolean>
  stop(): Promise<void>
}> {
  const flags = ['--conditions=chaffinch-source', '--import', 'tsx']
  const program = new URL('./link-descriptors-host.ts', import.meta.url).pathname
  const child = spawn(process.execPath, [...flags, program, how], { stdio: ['pipe', 'pipe', 'inherit'] })
  const said: string[] = []
  const lines = createInterface({ input: child.stdout })
  const next = async (): Promise<string> => {
    const [line] = (await once(lines, 'line')) as [string]
    said.push(line)
    return line
  }
  let line = await next()
  while (!line.startsWith('port ')) line = await next()
  return {
    port: Number(line.slice(5)),
    said,
    async isReached() {
      child.stdin.write('open?\n')
      return (await next()) === 'a file opens'
    },
    async stop() {
      // killed: a host without a descriptor may take its time to close, and that is not what is asked here
      const ended = once(child, 'exit')
      child.kill('SIGKILL')
      await ended
    },
  }
}

/** Opens so many sockets that say nothing. A host without descriptors resets some, as soon as they are connected. */
async function crowd(port: number, count: number): Promise<Socket[]> {
  const opened = Array.from({ length: count }, () => connect(port, '127.0.0.1').on('error', () => {}))
  const settled = (socket: Socket): Promise<void> =>
    new Promise(resolve => socket.once('connect', resolve).once('close', () => resolve()))
  await Promise.all(opened.map(settled))
  return opened
}

for (const how of process.platform === 'linux' ? (['lowered', 'as wanted'] as const) : [])
  test(`with 100 descriptors, bounds ${how}: a crowd of silent sockets`, async () => {
    const host = await startPoor(how)
    let opened: Socket[] = []
    try {
      opened = await crowd(host.port, 150)
      // the sockets stay for a minute: until the last of them has been accepted files may open in the control, too
      let opens = await host.isReached()
      for (let n = 0; n < (how === 'lowered' ? 20 : 300) && opens; n++) {
        await sleep(systemClock, 100)
        opens = await host.isReached()
      }
      assert.is(opens, how === 'lowered', 'a file of its own')
      const warnings = host.said.filter(line => line.includes('few file descriptors')).length
      assert.is(warnings, how === 'lowered' ? 1 : 0)
    } finally {
      for (const socket of opened) socket.destroy()
      await host.stop()
    }
  })

test.run()
