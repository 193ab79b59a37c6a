// Where in the page the reader is: behind the # of the address, so that back and forward work and nothing is loaded.

import { signal } from '@preact/signals'

/** The parts of the address, such as ['messages', 'c:bob']. */
export const route = signal<readonly string[]>([])

function read(): void {
  route.value = location.hash
    .slice(1)
    .split('/')
    .filter(part => part !== '')
    .map(decode)
}

function decode(part: string): string {
  try {
    return decodeURIComponent(part)
  } catch {
    return part
  }
}

export function followRoute(): void {
  read()
  addEventListener('hashchange', read)
}

/** Writes an address within the page. */
export function hrefOf(...parts: readonly string[]): string {
  return `#${parts.map(encodeURIComponent).join('/')}`
}

export function go(...parts: readonly string[]): void {
  location.hash = hrefOf(...parts)
}
