// npm run bench -- start [--json] [--seconds 30]: what a role of the packed command line costs until its status port
// answers, and the memory that it has when it idles. A network of nobody but its nodes and one client, whose processes
// are started one after the other, as an operator starts them. Linux alone: it reads /proc.

import { type ChildProcess, spawn } from 'node:child_process'
import { closeSync, openSync, readFileSync, rmSync } from 'node:fs'
import { setTimeout as pause } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { max, median } from 'simple-statistics'
import { CommandError, wholeNumber } from '../../encoding/command-line.ts'
import { usualOptions } from '../../simulator/processes/options.ts'
import { planNetwork } from '../../simulator/processes/plan.ts'
import { compiled, isOpen } from '../../simulator/processes/process.ts'

/** The figures of one kind of role: the median of its processes. */
interface RoleFigures {
  /** CPU of the process until its status port answers, milliseconds. */
  readonly cpuMs: number
  /** Resident memory after the idle time, MiB. */
  readonly rssMiB: number
}

interface Result {
  /** The dearest role. */
  readonly roleCpuMs: number
  /** The larger of mix and gateway, idle. */
  readonly rssMiB: number
  readonly roles: Readonly<Record<string, RoleFigures>>
}

interface Started {
  readonly role: string
  readonly child: ChildProcess
  readonly cpuMs: number
}

const startWithinMs = 120_000
const pollMs = 20
/** Ticks a second in /proc/PID/stat: the same on every Linux that Node runs on. */
const ticksPerSecond = 100

export async function bench(args: readonly string[]): Promise<void> {
  const { values } = parseArgs({
    args: [...args],
    options: { json: { type: 'boolean', default: false }, seconds: { type: 'string', default: '30' } },
  })
  if (process.platform !== 'linux') throw new CommandError('FAILED', 'start: there is no /proc to read here')
  const result = await measure(wholeNumber('seconds', values.seconds, 1, 600))
  if (values.json) console.log(JSON.stringify(result))
  else {
    console.log(`dearest start ${result.roleCpuMs} ms of CPU, mix or gateway idle ${result.rssMiB} MiB`)
    console.table(result.roles)
  }
}

async function measure(idleSeconds: number): Promise<Result> {
  const options = {
    ...usualOptions,
    mixes: 3,
    gateways: 1,
    clients: 1,
    messages: 0,
    kill: [],
    usualRates: true,
  }
  const plan = await planNetwork(options, Date.now())
  const started: Started[] = []
  try {
    for (const planned of plan.processes) started.push(await start(planned))
    await pause(idleSeconds * 1000)
    const figures = started.map(({ role, child, cpuMs }) => ({ role, cpuMs, rssMiB: rssMiB(child) }))
    const roles = Object.fromEntries(
      [...new Set(figures.map(({ role }) => role))].map(role => {
        const of = figures.filter(each => each.role === role)
        const middle = (figure: 'cpuMs' | 'rssMiB'): number =>
          Math.round(median(of.map(each => each[figure])))
        return [role, { cpuMs: middle('cpuMs'), rssMiB: middle('rssMiB') }]
      }),
    )
    return {
      roleCpuMs: max(Object.values(roles).map(({ cpuMs }) => cpuMs)),
      rssMiB: max(['mix', 'gateway'].map(role => (roles[role] as RoleFigures).rssMiB)),
      roles,
    }
  } finally {
    await Promise.all(started.map(({ child }) => end(child)))
    rmSync(plan.folder, { recursive: true, force: true })
  }
}

type Planned = Awaited<ReturnType<typeof planNetwork>>['processes'][number]

/** Starts a process and waits until its status port answers. */
async function start({ name, role, configFile, logFile, httpPort }: Planned): Promise<Started> {
  const log = openSync(logFile, 'a', 0o600)
  // the channel's end tells the child that we are gone, however we went
  const child = spawn(process.execPath, [...compiled, role, '--config', configFile], {
    stdio: ['ignore', log, log, 'ipc'],
  })
  closeSync(log)
  for (const until = Date.now() + startWithinMs; Date.now() < until; await pause(pollMs)) {
    if (child.exitCode !== null) break
    if (await isOpen('127.0.0.1', httpPort)) return { role, child, cpuMs: cpuMs(child) }
  }
  await end(child)
  throw new CommandError(
    'FAILED',
    `start: ${name} did not start: ${readFileSync(logFile, 'utf8').slice(-500)}`,
  )
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const gone = new Promise(resolve => child.once('exit', resolve))
  child.kill('SIGKILL')
  await gone
}

/** proc_pid_stat(5): fields 14 and 15, counted behind the name, which may hold blanks. */
function cpuMs({ pid }: ChildProcess): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return ((Number(fields[11]) + Number(fields[12])) * 1000) / ticksPerSecond
}

/** proc_pid_status(5): VmRSS, in KiB. */
function rssMiB({ pid }: ChildProcess): number {
  const kib = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]
  if (kib === undefined) throw new CommandError('FAILED', `start: process ${pid} has ended`)
  return Number(kib) / 1024
}
