// The processes of a local network: started as an operator starts them, killed, started again, and ended for good.

import { type ChildProcess, spawn } from 'node:child_process'
import { closeSync, openSync, readFileSync } from 'node:fs'
import { connect } from 'node:net'
import { extname, join } from 'node:path'

export type Role = 'authority' | 'mix' | 'gateway' | 'member' | 'client'

/** The end of one life of a process. `asked`: by us, with that signal. */
export interface Ending {
  readonly name: string
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  readonly asked: 'SIGTERM' | 'SIGKILL' | undefined
}

export interface Supervisor {
  /** Starts `chaffinch ROLE --config FILE`, of a member `chaffinch crowds`; its output goes to `logFile`. */
  start(name: string, role: Role, configFile: string, logFile: string): void
  /** Starts `chaffinch ARGS`; its output goes to `logFile`. @param place whose end comes first: the lowest */
  run(name: string, args: readonly string[], logFile: string, place: number): void
  /** SIGKILL. Resolves when it is gone. */
  kill(name: string): Promise<void>
  /** Starts again what has ended. */
  restart(name: string): void
  /** SIGSTOP: it does nothing, and does not know it. */
  suspend(name: string): void
  /** SIGCONT */
  resume(name: string): void
  /** To a program that listens to its channel: the `chaffinch` command does not. */
  tell(name: string, order: object): void
  alive(name: string): boolean
  names(): readonly string[]
  readonly endings: readonly Ending[]
  /** SIGTERM. Resolves when it is gone. */
  stop(name: string): Promise<void>
  /**
   * SIGTERM to the clients, then to the nodes, which have little left to drain by then, then to the authorities, others
   * by their places; SIGKILL to what is still there `graceMs` later. Resolves when none is left.
   */
  stopAll(graceMs: number): Promise<void>
  /** SIGKILL to all, at once and without waiting: for when this process must end now. */
  abandon(): void
}

interface Held {
  readonly name: string
  readonly place: number
  readonly args: readonly string[]
  readonly logFile: string
  child: ChildProcess | undefined
  asked: Ending['asked']
  ended: Promise<void>
}

/** Orders their ends: the lowest comes first. */
const places: Readonly<Record<Role, number>> = { client: 0, mix: 1, gateway: 1, member: 1, authority: 2 }

/** The command that runs a role. */
const commandOf = (role: Role): string => (role === 'member' ? 'crowds' : role)

const isSource = extname(import.meta.filename) === '.ts'
/** The arguments with which Node runs the `chaffinch` command of these sources: the source, or the pack with this. */
export const beside: readonly string[] = [
  ...process.execArgv,
  isSource
    ? join(import.meta.dirname, '..', '..', 'scripts', 'chaffinch.ts')
    : join(import.meta.dirname, 'chaffinch.js'),
]
/** The same for a mix that tells what passes it (watched-mix.ts). */
export const watchedMix: readonly string[] = [
  ...process.execArgv,
  join(import.meta.dirname, isSource ? 'watched-mix.ts' : 'watched-mix.js'),
]
/** The same of the build, which starts in a third of the time. */
export const compiled: readonly string[] = [
  join(import.meta.dirname, '..', '..', 'dist', 'scripts', 'chaffinch.js'),
]

/** Mixes of these run another program, which tells things over its channel. */
export interface Telling {
  readonly program: readonly string[]
  readonly heard: (name: string, told: unknown) => void
}

/**
 * @param onUnasked called when a process ends that nobody ended
 * @param mixes default: they run the program of all
 */
export function supervisor(
  onUnasked: (ending: Ending, lastLines: string) => void,
  program: readonly string[] = beside,
  mixes?: Telling,
): Supervisor {
  const held = new Map<string, Held>()
  const endings: Ending[] = []

  const launch = (of: Held): void => {
    const log = openSync(of.logFile, 'a', 0o600)
    const telling = of.args[0] === 'mix' ? mixes : undefined
    // The channel's end tells the child that we are gone, however we went; else it carries what mixes tell.
    const child = spawn(process.execPath, [...(telling?.program ?? program), ...of.args], {
      stdio: ['ignore', log, log, 'ipc'],
      // A Ctrl-C in the terminal is ours to pass on.
      detached: true,
    })
    closeSync(log)
    if (telling !== undefined) child.on('message', told => telling.heard(of.name, told))
    of.child = child
    of.asked = undefined
    of.ended = new Promise(resolve => {
      const end = (code: number | null, signal: NodeJS.Signals | null): void => {
        if (of.child !== child) return
        of.child = undefined
        const ending = { name: of.name, code, signal, asked: of.asked }
        endings.push(ending)
        resolve()
        if (of.asked === undefined) onUnasked(ending, tail(of.logFile))
      }
      child.once('exit', end)
      child.once('error', () => end(null, null))
    })
  }
  const signal = (of: Held, name: 'SIGTERM' | 'SIGKILL'): void => {
    if (of.child === undefined) return
    of.asked = name
    of.child.kill(name)
  }
  const find = (name: string): Held => {
    const of = held.get(name)
    if (of === undefined) throw new RangeError(`no process ${name}`)
    return of
  }
  const run: Supervisor['run'] = (name, args, logFile, place) => {
    const of = { name, place, args, logFile, child: undefined, asked: undefined, ended: Promise.resolve() }
    held.set(name, of)
    launch(of)
  }
  return {
    endings,
    names: () => [...held.keys()],
    alive: name => held.get(name)?.child !== undefined,
    start: (name, role, configFile, logFile) =>
      run(name, [commandOf(role), '--config', configFile], logFile, places[role]),
    run,
    async kill(name) {
      const of = find(name)
      signal(of, 'SIGKILL')
      await of.ended
    },
    async stop(name) {
      const of = find(name)
      signal(of, 'SIGTERM')
      await of.ended
    },
    restart(name) {
      const of = find(name)
      if (of.child === undefined) launch(of)
    },
    suspend: name => void find(name).child?.kill('SIGSTOP'),
    resume: name => void find(name).child?.kill('SIGCONT'),
    tell(name, order) {
      const { child } = find(name)
      // It may be gone by the time the order is written.
      if (child?.connected === true) child.send(order, () => {})
    },
    async stopAll(graceMs) {
      for (const of of held.values()) of.child?.kill('SIGCONT')
      for (const now of [...new Set([...held.values()].map(({ place }) => place))].sort((a, b) => a - b)) {
        const group = [...held.values()].filter(({ place }) => place === now)
        for (const of of group) signal(of, 'SIGTERM')
        const late = setTimeout(() => {
          for (const of of group) signal(of, 'SIGKILL')
        }, graceMs)
        await Promise.all(group.map(of => of.ended))
        clearTimeout(late)
      }
    },
    abandon() {
      for (const of of held.values()) signal(of, 'SIGKILL')
    },
  }
}

/** The end of a log, for the message about a process that failed. */
function tail(file: string, lines = 5): string {
  return readFileSync(file, 'utf8').trimEnd().split('\n').slice(-lines).join('\n')
}

/** True when something accepts connections there. */
export function isOpen(host: string, port: number): Promise<boolean> {
  return new Promise(resolve => {
    const socket = connect({ host, port })
    const done = (open: boolean): void => {
      socket.destroy()
      resolve(open)
    }
    socket.once('connect', () => done(true))
    socket.once('error', () => done(false))
    socket.setTimeout(1000, () => done(false))
  })
}
