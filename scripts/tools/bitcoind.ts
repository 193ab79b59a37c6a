// npm run bitcoind: builds Bitcoin Core's daemon once, for the tests of docs/spec/payments-bitcoin.md 6, and prints
// where it lies. Its source comes in a crate of the Rust registry (libbitcoinkernel-sys, MIT), pinned by its version.
// Wants cargo, cmake, a C++20 compiler, and libevent's and boost's headers.

import { execFileSync } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'

const version = '0.4.1'
const cache = join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'chaffinch')
const built = join(cache, `bitcoind-${version}`)
const options = [
  '-DENABLE_WALLET=OFF',
  '-DENABLE_IPC=OFF',
  '-DENABLE_EXTERNAL_SIGNER=OFF',
  '-DBUILD_TESTS=OFF',
  '-DBUILD_CLI=OFF',
  '-DBUILD_TX=OFF',
  '-DBUILD_UTIL=OFF',
  '-DWITH_EMBEDDED_ASMAP=OFF',
  '-DENABLE_HARDENING=OFF',
  '-DCMAKE_BUILD_TYPE=None',
  // Chains of tests have hundreds of blocks: what counts is how long it takes to build
  '-DCMAKE_CXX_FLAGS=-O0 -g0 -w',
]

function run(folder: string, command: string, ...args: string[]): void {
  try {
    execFileSync(command, args, { cwd: folder, stdio: ['ignore', 2, 2] })
  } catch (error) {
    console.error(`bitcoind: ${command} ${args[0]}: ${(error as Error).message}`)
    console.error('hint: want cargo, cmake and a C++20 compiler; of Debian: libevent-dev libboost-dev')
    process.exit(1)
  }
}

/** Has cargo fetch the crate and check it against the registry's index; gives the source in it. */
function source(folder: string): string {
  mkdirSync(join(folder, 'fetch', 'src'), { recursive: true })
  const manifest = `[package]\nname = "fetch"\nversion = "0.0.0"\nedition = "2021"\n[dependencies]\nlibbitcoinkernel-sys = "=${version}"\n`
  writeFileSync(join(folder, 'fetch', 'Cargo.toml'), manifest)
  writeFileSync(join(folder, 'fetch', 'src', 'main.rs'), 'fn main() {}\n')
  run(join(folder, 'fetch'), 'cargo', 'vendor', '--quiet', join(folder, 'vendor'))
  const crate = join(folder, 'vendor', 'libbitcoinkernel-sys')
  const { version: found } = /^version = "(?<version>[^"]+)"$/m.exec(
    readFileSync(join(crate, 'Cargo.toml'), 'utf8'),
  )?.groups ?? { version: '' }
  if (found !== version) throw new Error(`bitcoind: want version ${version} of the crate, have ${found}`)
  return join(crate, 'bitcoin')
}

if (!existsSync(built)) {
  const work = `${built}.work`
  // A build that was ended goes on: it takes half an hour of a core
  if (!existsSync(join(work, 'build', 'Makefile'))) {
    rmSync(work, { recursive: true, force: true })
    mkdirSync(work, { recursive: true })
    cpSync(source(work), join(work, 'source'), { recursive: true })
    run(work, 'cmake', '-S', 'source', '-B', 'build', ...options)
  }
  run(work, 'nice', '-n', '19', 'make', '-C', 'build', 'bitcoind')
  // Nothing of the name is there before it is whole
  renameSync(join(work, 'build', 'bin', 'bitcoind'), built)
  rmSync(work, { recursive: true, force: true })
}
console.log(built)
