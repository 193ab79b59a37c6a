// Where in the folder of a demonstration each process has its own.

import { join } from 'node:path'

/** The people of the demonstration, by the names of their folders. */
export const mixers: readonly string[] = ['mixer1', 'mixer2', 'mixer3']
export const trustees: readonly string[] = ['trustee1', 'trustee2', 'trustee3']
export const auditors: readonly string[] = ['auditor1', 'auditor2', 'auditor3', 'auditor4', 'auditor5']
/** The mixer that puts a ballot in the place of another. */
export const cheatName = 'mixer2'
/** The trustee that is away once the key is made. */
export const absentName = 'trustee3'
/** Processes that are killed and started again. */
export const killedNames = { controller: 'controller', mixer: 'mixer1', trustee: 'trustee2' } as const
export const threshold = 2
export const mixesLeast = 2

/** Things of which one is changed in a copy of the board. */
export const changes = ['ballot', 'proof', 'share'] as const
export type Change = (typeof changes)[number]
/** One byte, or the same byte with all hashes and signatures made anew by those whose keys they are. */
export const ways = ['byte', 'signed'] as const
export type Way = (typeof ways)[number]

/** Names the files and folders of a demonstration. */
export interface Places {
  readonly folder: string
  readonly plan: string
  /** The election's public folder. */
  readonly board: string
  readonly story: string
  readonly register: string
  readonly codes: string
  readonly voted: string
  readonly receipts: string
  /** Keeps what an auditor found out about all receipts. */
  readonly fates: string
  of(name: string, ...rest: readonly string[]): string
}

/** @param folder of the whole demonstration */
export function placesIn(folder: string): Places {
  const of = (name: string, ...rest: readonly string[]): string => join(folder, name, ...rest)
  return {
    folder,
    of,
    plan: of('controller', 'mixnet.json'),
    board: of('public'),
    story: of('story.json'),
    register: of('authority', 'register.csv'),
    codes: of('authority', 'codes.csv'),
    voted: of('voters', 'voted.json'),
    receipts: of('voters', 'receipts'),
    fates: of('auditor1', 'receipts.jsonl'),
  }
}

/** Names the folder of a changed copy of the board. */
export function copyName(change: Change | 'nothing', way: Way): string {
  return `changed-${change}-${way}`
}
