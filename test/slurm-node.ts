// A Slurm of one node for tests, in a folder of its own: a munge daemon, a controller and a node's daemon of Debian's
// slurm-wlm, each ended with the test. Not a test itself.

import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { hostname, tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { freePorts } from '../simulator/processes/index.ts'
import { systemRandom } from '../world/random.ts'

export interface Slurm extends AsyncDisposable {
  /** Runs a command of Slurm's against it, in a folder; gives its standard output. */
  run(command: string, args: readonly string[], folder: string): string
}

/** Says why there can be none here; undefined where it can. */
export function noSlurm(): string | undefined {
  const has = (command: string): boolean => spawnSync('sh', ['-c', `command -v ${command}`]).status === 0
  const missing = ['munged', 'slurmctld', 'slurmd', 'sbatch'].filter(command => !has(command))
  if (missing.length > 0) return `no ${missing.join(', ')} (apt-get install slurm-wlm munge)`
  return process.getuid?.() === 0 ? undefined : 'a daemon of a Slurm node wants root'
}

/** Starts one. @throws Error where its node is not idle within a minute */
export async function startSlurm(): Promise<Slurm> {
  const folder = mkdtempSync(join(tmpdir(), 'chaffinch-slurm-'))
  const [controller, node] = await freePorts(2)
  const socket = join(folder, 'munge.socket')
  const conf = join(folder, 'slurm.conf')
  for (const name of ['state', 'spool']) mkdirSync(join(folder, name))
  writeFileSync(join(folder, 'munge.key'), systemRandom(128), { mode: 0o400 })
  const host = hostname().split('.')[0] as string
  const settings = {
    ClusterName: 'test',
    SlurmctldHost: `${host}(127.0.0.1)`,
    SlurmctldPort: controller,
    SlurmdPort: node,
    SlurmUser: 'root',
    AuthType: 'auth/munge',
    AuthInfo: `socket=${socket}`,
    StateSaveLocation: join(folder, 'state'),
    SlurmdSpoolDir: join(folder, 'spool'),
    SlurmctldPidFile: join(folder, 'slurmctld.pid'),
    SlurmdPidFile: join(folder, 'slurmd.pid'),
    ProctrackType: 'proctrack/linuxproc',
    TaskPlugin: 'task/none',
    JobAcctGatherType: 'jobacct_gather/none',
    ReturnToService: 2,
    MaxArraySize: 1001,
  }
  const lines = Object.entries(settings).map(([key, value]) => `${key}=${value}`)
  lines.push(`NodeName=${host} NodeAddr=127.0.0.1 CPUs=2`, `PartitionName=all Nodes=${host} Default=YES`)
  writeFileSync(conf, `${lines.join('\n')}\n`)
  const daemons: ChildProcess[] = []
  const start = (command: string, ...args: string[]): void => {
    daemons.push(spawn(command, args, { stdio: 'ignore', env: { ...process.env, SLURM_CONF: conf } }))
  }
  const run: Slurm['run'] = (command, args, cwd) => {
    const { stdout, stderr, status } = spawnSync(command, args, {
      cwd,
      env: { ...process.env, SLURM_CONF: conf },
      encoding: 'utf8',
    })
    if (status !== 0) throw new Error(`${command}: ${stderr}`)
    return stdout
  }
  const close = async (): Promise<void> => {
    for (const daemon of daemons.reverse()) {
      const ended = new Promise(resolve => daemon.once('exit', resolve))
      if (daemon.exitCode !== null || !daemon.kill('SIGTERM')) continue
      await Promise.race([ended, pause(5000)])
      daemon.kill('SIGKILL')
    }
    rmSync(folder, { recursive: true, force: true })
  }
  start(
    'munged',
    ...['--foreground', '--force', `--socket=${socket}`, `--key-file=${join(folder, 'munge.key')}`],
    ...[`--pid-file=${join(folder, 'munged.pid')}`, `--seed-file=${join(folder, 'munged.seed')}`],
    `--log-file=${join(folder, 'munged.log')}`,
  )
  start('slurmctld', '-D', '-f', conf)
  start('slurmd', '-D', '-f', conf, '-N', host)
  try {
    for (let looks = 0; ; looks++) {
      const idle = spawnSync('sinfo', ['-h', '-o', '%t'], { env: { ...process.env, SLURM_CONF: conf } })
      if (String(idle.stdout).trim() === 'idle') break
      if (looks === 120) throw new Error(`slurm: the node is ${String(idle.stdout)}${String(idle.stderr)}`)
      await pause(500)
    }
  } catch (error) {
    await close()
    throw error
  }
  return { run, [Symbol.asyncDispose]: close }
}
