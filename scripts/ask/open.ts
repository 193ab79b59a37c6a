// chaffinch open: the page of a running role in the browser (docs/spec/pages.md 2).

import { spawn } from 'node:child_process'
import * as v from 'valibot'
import { CommandError } from '../../encoding/command-line.ts'
import { type Endpoint, isAway, remoteAt } from '../../roles/files/index.ts'
import { fileOf, readRoleFile, roleOf } from '../files/which-role.ts'
import { endpointOf } from '../roles/running.ts'

export interface OpenOptions {
  readonly config?: string
  readonly role?: string
  readonly print?: true
}

/** Opens an address; a test hands in its own. Resolves with whether something did. */
export type OpenAddress = (address: string) => Promise<boolean>

export async function run(options: OpenOptions): Promise<undefined> {
  await openPage(options, inBrowser)
}

export async function openPage(
  { config, role: named, print }: OpenOptions,
  openAddress: OpenAddress,
): Promise<void> {
  const file = fileOf('open', config)
  const role = roleOf('open', file, named)
  const start = `chaffinch ${role} --config ${file}`
  await handOver(await pageAt(endpointOf(readRoleFile(role, file).folder), start), print, openAddress)
}

/** Opens the page of a mixer or trustee of a cascade. */
export async function runMember(folder: string, { print }: Pick<OpenOptions, 'print'>): Promise<undefined> {
  const start = `chaffinch cascade trustee ${folder} --port 0`
  await handOver(await pageAt(endpointOf(folder), start), print, inBrowser)
}

async function handOver(address: string, print: true | undefined, openAddress: OpenAddress): Promise<void> {
  if (print !== true && (await openAddress(address))) {
    console.error('opened in the browser')
    return
  }
  console.log(address)
}

const codeAnswer = v.object({ code: v.string(), seconds: v.number() })

/** Asks a role for the address of its page. @param start how it is started. @throws CommandError FAILED */
async function pageAt(endpoint: Endpoint | undefined, start: string): Promise<string> {
  const away = new CommandError('FAILED', 'open: nothing runs there', start)
  if (endpoint === undefined) throw away
  const asked = { method: 'POST', answer: codeAnswer } as const
  const { code } = await remoteAt(endpoint)
    .ask('/ui/codes', asked)
    .catch((error: unknown) => {
      throw isAway(error) ? away : error
    })
  return `http://127.0.0.1:${endpoint.port}/ui/#${code}`
}

/** By platform, what opens an address as the person's own browser does. */
const openers: Readonly<Record<string, readonly string[]>> = {
  darwin: ['open'],
  win32: ['rundll32', 'url.dll,FileProtocolHandler'],
}

/** Hands an address to whatever opens addresses on this machine. */
async function inBrowser(address: string): Promise<boolean> {
  const [program = 'xdg-open', ...words] = openers[process.platform] ?? []
  const isHeadless =
    process.platform === 'linux' && !process.env['DISPLAY'] && !process.env['WAYLAND_DISPLAY']
  if (isHeadless) return false
  return await new Promise(resolve => {
    const child = spawn(program, [...words, address], { stdio: 'ignore', detached: true })
    child.on('error', () => resolve(false))
    child.on('spawn', () => {
      child.unref()
      resolve(true)
    })
  })
}
