// chaffinch completion

import { command, group } from '../define/command.ts'
import type { AnyCommand } from '../define/told.ts'

type Write = (program: AnyCommand) => string

export function completion(): AnyCommand {
  return group(
    'completion',
    {
      summary: 'print a script that has bash, zsh or fish complete commands and options',
      says: `Prints a script that has a shell complete commands, options and their values with the Tab key. It starts no
        process: print it again after an update.`,
      examples: [
        'source <(chaffinch completion bash)    # in ~/.bashrc',
        'source <(chaffinch completion zsh)     # in ~/.zshrc, behind compinit',
        'chaffinch completion fish > ~/.config/fish/completions/chaffinch.fish',
      ],
    },
    [
      script('bash', async () => (await import('../completion/bash.ts')).bash),
      script('zsh', async () => (await import('../completion/zsh.ts')).zsh),
      script('fish', async () => (await import('../completion/fish.ts')).fish),
    ],
  )
}

function script(shell: string, load: () => Promise<Write>): AnyCommand {
  return command(shell, { summary: `for ${shell}` }).action(async (_, own) => {
    const write = await load()
    process.stdout.write(write(own.parent?.parent as AnyCommand))
  })
}
