#!/usr/bin/env node
// The `chaffinch` command.

import { runCommandLine } from './main.ts'

// Whoever reads may have read enough, as `| head` has
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit()
  throw error
})
process.exitCode = await runCommandLine(process.argv.slice(2))
