// The pages of help, docs/guide/commands.md, chaffinch(1) and the completion of shells: all are made of the definitions
// in scripts/commands/, and hold what these say.

import { execFileSync, spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { bash } from '../scripts/completion/bash.ts'
import { fish } from '../scripts/completion/fish.ts'
import { zsh } from '../scripts/completion/zsh.ts'
import { optionsOf, pageOf } from '../scripts/define/help.ts'
import { type AnyCommand, formsOf, toldOf } from '../scripts/define/told.ts'
import { program } from '../scripts/program.ts'
import { commandsPage } from '../scripts/tools/commands-page.ts'
import { manPage } from '../scripts/tools/man-page.ts'

const root = join(import.meta.dirname, '..')
const folder = mkdtempSync(join(tmpdir(), 'chaffinch-help-'))
test.after(() => rmSync(folder, { recursive: true }))
const chaffinch = program()
const all = (of: AnyCommand): AnyCommand[] => of.commands.flatMap(one => [one, ...all(one)])
const commands = all(chaffinch)
const typedName = (of: AnyCommand): string =>
  of.parent === null ? 'chaffinch' : `${typedName(of.parent)} ${of.name()}`

/** Where a program is not installed, says so. */
function isThere(name: string): boolean {
  const found = spawnSync('sh', ['-c', `command -v ${name}`]).status === 0
  if (!found) console.log(`skipped: ${name} is not installed`)
  return found
}

test('a page fits 100 columns, begins with how the command is written, and tells each option', () => {
  assert.ok(commands.length > 80, `${commands.length} commands`)
  for (const one of [chaffinch, ...commands]) {
    const page = pageOf(one)
    assert.match(page, /^usage: chaffinch /, typedName(one))
    for (const line of page.split('\n')) assert.ok(line.length <= 100, `${typedName(one)}: ${line}`)
    for (const { long, description } of one.options) {
      assert.ok(page.includes(`${long}`), `${typedName(one)} ${long}`)
      assert.ok(description.length > 3, `${typedName(one)} ${long}: wants a description`)
    }
    assert.ok(one.summary().length > 0 && one.summary().length <= 100, `${typedName(one)}: ${one.summary()}`)
  }
})

test('every command has examples, whose words are commands and options that there are', () => {
  for (const one of chaffinch.commands) assert.ok((toldOf(one).examples ?? []).length > 0, one.name())
  const lines = [chaffinch, ...commands].flatMap(one => toldOf(one).examples ?? [])
  let flags = 0
  for (const line of new Set(lines)) {
    const [, typed = ''] = /(?:^|\()chaffinch (.*)/.exec(line) ?? []
    if (typed === '') continue
    let at: AnyCommand = chaffinch
    for (const word of typed.split(' ')) at = at.commands.find(one => one.name() === word) ?? at
    assert.is.not(at, chaffinch, line)
    for (const [flag] of typed.matchAll(/(?<= )--[a-z-]+/g)) {
      flags++
      assert.ok(
        optionsOf(at).some(({ long }) => long === flag),
        `${line}: ${flag}`,
      )
    }
  }
  assert.ok(flags > 50, `${flags} options`)
})

test('docs/guide/commands.md is what npm run docs makes of them', () => {
  const page = commandsPage(program())
  assert.is(readFileSync(join(root, 'docs/guide/commands.md'), 'utf8'), page, 'run npm run docs')
  for (const one of commands) assert.ok(page.includes(`usage: ${formsOf(one)[0]}`), typedName(one))
})

test('chaffinch(1) is a page that mandoc has nothing against', () => {
  const file = join(folder, 'chaffinch.1')
  writeFileSync(file, manPage(program(), 'January 31, 2026'))
  if (isThere('mandoc')) {
    const { status, stdout } = spawnSync('mandoc', ['-Tlint', '-Wwarning', file], { encoding: 'utf8' })
    assert.is(status, 0, stdout)
    const text = execFileSync('mandoc', ['-Tutf8', '-Owidth=100', file], { encoding: 'utf8' })
    assert.match(text.replaceAll(overstruck, ''), /chaffinch pay request AMOUNT \[OPTIONS\]/)
  } else if (isThere('man')) {
    const { status, stderr } = spawnSync('man', ['--warnings', '-l', file], { encoding: 'utf8' })
    assert.is(status, 0)
    assert.is(stderr, '')
  }
})

/** As a terminal of paper makes letters bold. */
const overstruck = new RegExp('.\\b'.replace('b', 'x08'), 'g')

const asked: readonly (readonly [line: string, offered: readonly string[]])[] = [
  ['se', ['send', 'services']],
  ['pay fr', ['freeze']],
  ['send --wai', ['--wait']],
  ['send --wait s', ['sent', 'stored']],
  ['net --preset ', ['crowds', 'netmix', 'rounds']],
  ['inbox --ap', ['--app']],
  ['consensus --netw', ['--network']],
  ['init mix here --lis', ['--listen']],
]

test('bash completes commands, actions, options, their values, and names of files', () => {
  if (!isThere('bash')) return
  const file = join(folder, 'completion.bash')
  writeFileSync(file, bash(program()))
  writeFileSync(join(folder, 'two words.json'), '')
  const offers = (line: string): string[] => {
    const words = line.split(' ')
    const script = `cd "$2" && source "$1" && shift 2 && COMP_WORDS=(chaffinch "$@") && COMP_CWORD=$# && _chaffinch
      [ $\{#COMPREPLY[@]} -eq 0 ] || printf '%s\\n' "$\{COMPREPLY[@]}"`
    const out = execFileSync('bash', ['-c', script, 'bash', file, folder, ...words], { encoding: 'utf8' })
    return out.split('\n').filter(word => word !== '')
  }
  for (const [line, offered] of asked) assert.equal(offers(line).sort(), offered, line)
  assert.equal(offers('pay boltzmann two'), ['two words.json'])
  assert.equal(offers('send --wait = st'), ['stored'])
  assert.equal(offers('send --to '), [])
})

test('fish completes the same', () => {
  if (!isThere('fish')) return
  const file = join(folder, 'completion.fish')
  writeFileSync(file, fish(program()))
  const offers = (line: string): string[] => {
    const script = 'source $argv[1]; cd $argv[2]; complete -C "chaffinch $argv[3]"'
    const out = execFileSync('fish', ['-c', script, file, folder, line], { encoding: 'utf8' })
    return out
      .split('\n')
      .filter(each => each !== '')
      .map(each => each.split('\t')[0] as string)
  }
  for (const [line, offered] of asked) assert.equal(offers(line).sort(), offered, line)
})

test('zsh completes the same', () => {
  if (!isThere('zsh')) return
  writeFileSync(join(folder, '_chaffinch'), zsh(program()))
  // What would be offered is kept where it is handed over to the line editor
  const script = `
    fpath=("$1" $fpath)
    autoload -Uz compinit && compinit -u -D
    zmodload zsh/zpty
    zpty shell zsh -f -i
    zpty -w shell 'PROMPT= ; fpath=('$1' $fpath); autoload -Uz compinit && compinit -u -D'
    zpty -w shell 'compadd() { local -a given; builtin compadd -O given "$@"; print -l -- "<"$^given">"; builtin compadd "$@" }'
    zpty -w shell 'zstyle ":completion:*" list-prompt ""; bindkey "^I" complete-word; print READY'
    zpty -r shell line '*READY*'
    zpty -r shell line '*READY*'
    zpty -n -w shell "chaffinch $2"$'\\t'
    sleep 1
    zpty -n -w shell $'\\C-u print DONE\\n'
    zpty -r shell line '*DONE*DONE*'
    print -r -- "$line"
    zpty -d shell`
  for (const [line, offered] of asked.slice(-3)) {
    const { stdout } = spawnSync('zsh', ['-f', '-c', script, 'zsh', folder, line], {
      encoding: 'utf8',
      timeout: 20_000,
    })
    const found = [...stdout.matchAll(/<([^<>\s]+)>/g)].map(([, word]) => word as string)
    assert.equal(
      [...new Set(found)].filter(word => word.startsWith(line.split(' ').at(-1) ?? '')).sort(),
      offered,
      line,
    )
  }
})

test.run()
