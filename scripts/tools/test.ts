// npm test: see `npm test -- --help`.

import { testCommand } from './test-command.ts'

const stopping = new AbortController()
process.once('SIGINT', () => stopping.abort())
const print = (text: string): boolean => process.stdout.write(text)
process.exitCode = await testCommand(process.argv.slice(2), print, stopping.signal)
