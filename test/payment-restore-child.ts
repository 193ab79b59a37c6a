// Restores a folder from words on standard input, and is killed without a word before its n-th step on disk
// (payment-restore.test.ts).

import { text } from 'node:stream/consumers'
import { watchSteps } from './disk-steps.ts'

const [folder = '', at = ''] = process.argv.slice(2)
const watched = watchSteps(step => {
  if (step === Number(at)) process.kill(process.pid, 'SIGKILL')
})
const { bringBack } = await import('../scripts/ask/pay-backup.ts')
await bringBack(folder, await text(process.stdin), 50)
process.stdout.write(`${watched.count()}\n`)
