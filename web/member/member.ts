// What a mixer's or trustee's program says of itself, and what its operator tells it.

import { signal } from '@preact/signals'
import { RemoteClient } from '../../client/remote/index.ts'
import { base64 } from '../../encoding/base64.ts'
import type { Asked } from '../../roles/mixnet/member-page.ts'
import type { MemberStatus } from '../../roles/mixnet/member-status.ts'
import { askFetch, session, tokenOfTab } from '../parts/session.ts'

export const status = signal<MemberStatus | undefined>(undefined)
export const isConnected = signal(true)
export const program = new RemoteClient({ url: location.origin, token: tokenOfTab, fetch: askFetch })

const lookEveryMs = 2000

export async function look(): Promise<void> {
  try {
    status.value = (await program.ask('/status')) as MemberStatus
    isConnected.value = true
  } catch {
    isConnected.value = false
  }
}

/** Looks for as long as the session lasts. */
export async function lookOn(): Promise<void> {
  while (session.value.at === 'open') {
    if (document.visibilityState === 'visible') await look()
    await new Promise(resolve => setTimeout(resolve, lookEveryMs))
  }
}

/** The two files of an election, as the program takes them. */
export interface Files {
  readonly definition: string
  readonly voters: string
}

/** Reads the two files, by what is in them rather than by their names; undefined where not both are there. */
export async function readFiles(chosen: readonly File[]): Promise<Files | undefined> {
  const all = await Promise.all(chosen.map(async file => new Uint8Array(await file.arrayBuffer())))
  const isText = (bytes: Uint8Array): boolean => bytes[0] === '{'.charCodeAt(0) && bytes.at(-1) === 10
  const definition = all.find(isText)
  const voters = all.find(bytes => bytes !== definition && bytes.length % 36 === 0)
  if (definition === undefined || voters === undefined || all.length !== 2) return undefined
  return { definition: new TextDecoder().decode(definition), voters: base64(voters) }
}

/** Asks the program what an election says, without taking part in it. */
export async function lookAt(files: Files): Promise<Asked> {
  return (await program.ask('/elections/look', { method: 'POST', body: { ...files } })) as Asked
}

export async function takePart(files: Files): Promise<void> {
  await program.ask('/elections', { method: 'POST', body: { ...files } })
  await look()
}

/** @param at as 2026-01-31T18:00:00Z */
export async function close(election: string, at: string): Promise<void> {
  await program.ask(`/elections/${election}/close`, { method: 'POST', body: { at } })
  await look()
}

/** Says that an election is to be given up, if it has too few ballots. */
export async function giveUp(election: string): Promise<void> {
  await program.ask(`/elections/${election}/end`, { method: 'POST' })
  await look()
}

/** Says until when an election is to go on that ends with too few ballots. @param until as 2026-01-31T18:00:00Z */
export async function prolong(election: string, until: string): Promise<void> {
  await program.ask(`/elections/${election}/prolong`, { method: 'POST', body: { until } })
  await look()
}
