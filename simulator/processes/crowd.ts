// A crowd on this machine (docs/spec/crowds.md 7): members as processes ask through each other, some members inside
// this process work together, and what these see is compared with what they can conclude at most.

import { createServer } from 'node:http'
import { setTimeout as pause } from 'node:timers/promises'
import { RemoteError } from '../../client/remote/index.ts'
import { base64, fromBase64 } from '../../encoding/base64.ts'
import { hex } from '../../encoding/bytes.ts'
import { CommandError } from '../../encoding/command-line.ts'
import { crowdFigures } from '../../hiding/formulas-attack.ts'
import type { Host } from '../../link/index.ts'
import { readNetwork } from '../../roles/files/index.ts'
import { openMember } from '../../roles/member.ts'
import { crowdsProtocol, forwardProbability, readRequest } from '../../services/crowds/index.ts'
import { silent } from '../../world/log.ts'
import { systemRandom } from '../../world/random.ts'
import { memoryStore } from '../../world/store.ts'
import { second } from '../../world/units.ts'
import { type PlannedProcess, remoteOf } from './plan.ts'
import type { CrowdRecord, CrowdSight } from './record.ts'
import { type Run, startAll } from './run.ts'

/** Requests that one member has under way: fewer than the others let one peer have. */
const atOnce = 3
/** One session of so many asks twice, which shows that its path stays. */
const askedAgain = 8
/** Longer than a member waits for the next and this for the destination. */
const askMs = 45 * second
const listedWithinMs = 120 * second
/** A request is asked again for so long: a machine that has other work may stand still for a while. */
const persistMs = 300 * second

/** A destination that gives back what it gets. */
export interface Echo {
  /** Where members find it. */
  readonly url: string
  close(): Promise<void>
}

export const echoName = 'echo'

/** Serves a destination on loopback. */
export function serveEcho(): Promise<Echo> {
  const server = createServer((request, response) => {
    request.pipe(response)
  })
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as { port: number }
      const close = (): Promise<void> =>
        new Promise(done => {
          server.close(() => done())
          server.closeAllConnections()
        })
      resolve({ url: `http://127.0.0.1:${port}/`, close })
    })
  })
}

interface Heard {
  readonly colluder: number
  readonly epoch: number
  /** Hex of the member that handed it over. */
  readonly from: string
  readonly body: string
}

/** Members of this process, which write down what they are handed. */
interface Colluders {
  /** In the order in which they heard. */
  readonly heard: readonly Heard[]
  close(): Promise<void>
}

async function startColluders({ plan }: Pick<Run, 'plan'>, count: number, url: string): Promise<Colluders> {
  const network = readNetwork(plan.networkFile)
  const heard: Heard[] = []
  const closes: (() => Promise<void>)[] = []
  for (let colluder = 0; colluder < count; colluder++) {
    const listens = (host: Host): Host =>
      listening(host, (from, bytes) => {
        const { epoch, body } = readRequest(bytes)
        heard.push({ colluder, epoch, from: hex(from), body: new TextDecoder().decode(body) })
      })
    await openMember(
      {
        ...{ network, listen: ['/ip4/127.0.0.1/tcp/0'], announce: [], dialFrom: undefined },
        ...{ family: '', destinations: new Map([[echoName, url]]) },
        ...{ seed: systemRandom(32), store: memoryStore(), log: silent, around: listens },
      },
      close => closes.push(close),
    )
  }
  return {
    heard,
    async close() {
      for (const close of closes.reverse()) await close()
    },
  }
}

/** A host whose requests of the crowd somebody else hears first. */
function listening(host: Host, hears: (from: Uint8Array, bytes: Uint8Array) => void): Host {
  const serve: Host['serve'] = (protocol, maxBytes, handler) =>
    host.serve(protocol, maxBytes, (from, bytes) => {
      if (protocol === crowdsProtocol) hears(from, bytes)
      return handler(from, bytes)
    })
  return new Proxy(host, {
    get(target, name) {
      if (name === 'serve') return serve
      const value = Reflect.get(target, name, target) as unknown
      return typeof value === 'function' ? value.bind(target) : value
    },
  })
}

/** Starts every process, has the members ask through each other, and notes what those that work together see. */
export async function carryCrowd(run: Run, echo: Echo): Promise<void> {
  const { plan, record, tell, signal } = run
  const { crowd } = plan.options
  if (crowd === undefined) throw new CommandError('FAILED', 'this network has no crowd')
  const asking = plan.processes.filter(({ role }) => role === 'member')
  const colluders = await startColluders(run, crowd.colluders, echo.url)
  try {
    await startAll(run)
    const members = asking.length + crowd.colluders
    await untilListed(run, asking, members)
    tell({ event: 'crowd', members, colluders: crowd.colluders })
    const asked = await Promise.all(
      asking.map(member =>
        // A signal each: on one there would be more listeners than Node thinks right
        askAll(member, Math.ceil(crowd.sessions / asking.length), AbortSignal.any([signal])),
      ),
    )
    const ids = new Map(asking.map(({ name }) => [name, idOf(run, name)]))
    record.crowd = {
      members,
      forward: forwardProbability,
      colluders: crowd.colluders,
      asked: asked.flat().length,
      answered: asked.flat().filter(({ answered }) => answered).length,
      failures: asked.flat().flatMap(({ failures }) => failures),
      ...sightsOf(asked.flat(), colluders.heard, ids),
    }
  } finally {
    await colluders.close()
  }
}

async function untilListed({ watch, now, signal }: Run, asking: readonly PlannedProcess[], members: number) {
  for (const until = now() + listedWithinMs; now() < until; await pause(500, undefined, { signal })) {
    await watch.poll()
    const knows = asking.filter(({ name }) => {
      const status = watch.last(name)
      return status?.role === 'member' && status.members === members
    })
    if (knows.length === asking.length) return
  }
  throw new CommandError('FAILED', `not all ${members} members stand in a document within two minutes`)
}

function idOf({ watch }: Run, name: string): string {
  const status = watch.last(name)
  return status?.role === 'member' ? status.id : ''
}

/** One request as its member made it. */
interface Asked {
  readonly member: string
  readonly session: number
  /** Names it, and is its body. */
  readonly body: string
  /** Its own body came back. */
  readonly answered: boolean
  /** Codes of what was in the way before. */
  readonly failures: readonly string[]
}

/** Has one member ask so many sessions. */
async function askAll(member: PlannedProcess, sessions: number, signal: AbortSignal): Promise<Asked[]> {
  const done: Asked[] = []
  let next = 0
  const worker = async (): Promise<void> => {
    while (next < sessions) {
      const session = next++
      done.push(await askOnce(member, session, 0, signal))
      if (session % askedAgain === 0) done.push(await askOnce(member, session, 1, signal))
    }
  }
  await Promise.all(Array.from({ length: atOnce }, worker))
  return done
}

/**
 * Codes that docs/spec/crowds.md 6 has one ask again for, and those of a member whose port did not answer. Of a
 * destination that failed it is of use here: who asks knows that it only gives back what it gets.
 */
const passing: ReadonlySet<string> = new Set([
  ...['NOT_READY', 'BROKEN', 'DESTINATION_FAILED'],
  ...['UNREACHABLE', 'TIMEOUT'],
])

/** Asks until the answer comes, or a fault that does not pass; each time with a body of its own. */
async function askOnce(
  member: PlannedProcess,
  session: number,
  turn: number,
  signal: AbortSignal,
): Promise<Asked> {
  const failures: string[] = []
  for (const until = Date.now() + persistMs; ; ) {
    const body = `${member.name} ${session} ${turn} ${failures.length}`
    const asked = {
      destination: echoName,
      session: String(session),
      body: base64(new TextEncoder().encode(body)),
    }
    const done = { member: member.name, session, body, failures }
    try {
      const answer = await remoteOf(member).ask('/ask', {
        method: 'POST',
        body: asked,
        timeoutMs: askMs,
        signal,
      })
      const back = new TextDecoder().decode(fromBase64((answer as { readonly body: string }).body))
      return { ...done, answered: back === body }
    } catch (error) {
      signal.throwIfAborted()
      if (!(error instanceof RemoteError)) throw error
      failures.push(error.code)
      if (!passing.has(error.code) || Date.now() >= until) return { ...done, answered: false }
      await pause(second, undefined, { signal })
    }
  }
}

/** Tells what any number of colluders conclude: the first to see a request names whom it has it from. */
function sightsOf(
  asked: readonly Asked[],
  heard: readonly Heard[],
  ids: ReadonlyMap<string, string>,
): Pick<CrowdRecord, 'sights' | 'stayed'> {
  const byBody = new Map<string, Heard[]>()
  for (const each of heard) byBody.set(each.body, [...(byBody.get(each.body) ?? []), each])
  const first = ({ body }: Asked, colluders: number): Heard | undefined =>
    byBody.get(body)?.find(({ colluder }) => colluder < colluders)
  const most = Math.max(0, ...heard.map(({ colluder }) => colluder + 1))
  const once = new Map<string, Asked>()
  const again: [Asked, Asked][] = []
  for (const each of asked) {
    const key = `${each.member} ${each.session}`
    const before = once.get(key)
    if (before === undefined) once.set(key, each)
    // What was in the way may have changed the path
    else if (before.failures.length + each.failures.length === 0) again.push([before, each])
  }
  const sights = Array.from({ length: most }, (_, i): CrowdSight => {
    const seen = [...once.values()].flatMap(each => {
      const by = first(each, i + 1)
      return by === undefined ? [] : [by.from === ids.get(each.member)]
    })
    return { colluders: i + 1, seen: seen.length, right: seen.filter(right => right).length }
  })
  const pairs = again.flatMap(([a, b]) => {
    const [one, two] = [first(a, most), first(b, most)]
    // With another document comes another path
    return one === undefined || one.epoch !== two?.epoch ? [] : [one.from === two.from]
  })
  return { sights, stayed: { compared: pairs.length, same: pairs.filter(same => same).length } }
}

/** Compares what colluders see of a crowd with what the formula has them see. */
export interface CrowdView {
  readonly colluders: number
  readonly seen: number
  /** The share of what they saw in which their guess was right, and its standard error by the formula. */
  readonly share: number
  readonly expected: number
  readonly sigma: number
  /** The crowd has as many members as probable innocence asks for. */
  readonly largeEnough: boolean
}

/** Compares what so many colluders saw with the formula (docs/spec/simulator.md 7). */
export function viewOf({ members, forward, sights }: CrowdRecord, colluders: number): CrowdView {
  const { seen, right } = sights[colluders - 1] ?? { seen: 0, right: 0 }
  const figures = crowdFigures({ members, corrupt: colluders, forward })
  const expected = figures.predecessor
  return {
    colluders,
    seen,
    share: seen === 0 ? Number.NaN : right / seen,
    expected,
    sigma: Math.sqrt((expected * (1 - expected)) / Math.max(1, seen)),
    largeEnough: figures.probablyInnocent,
  }
}
