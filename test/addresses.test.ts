// encoding/ip.ts, encoding/multiaddr.ts: an address is read into bytes before anybody counts or compares it, so that
// every spelling of it, and every IPv6 address that stands for it, is in one network (docs/spec/directory-tally.md 7.6,
// docs/spec/link.md 2).

import { multiaddr } from '@multiformats/multiaddr'
import fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { isPlainAddress, networkPrefix, networksOf } from '../directory/address.ts'
import { areApart } from '../directory/documents/groups.ts'
import type { NodeEntry } from '../directory/documents/view.ts'
import { isLoopback, plainIp, readIp, writeIp } from '../encoding/ip.ts'
import { readMultiaddr, writeMultiaddr } from '../encoding/multiaddr.ts'
import { originOf } from '../link/libp2p/arrivals.ts'

const bytes = (length: number): fc.Arbitrary<Uint8Array> =>
  fc.uint8Array({ minLength: length, maxLength: length })
/** With runs of zeros, as real ones have. */
const ip6 = fc
  .array(fc.oneof(fc.constant(0), fc.nat(0xffff)), { minLength: 8, maxLength: 8 })
  .map(groups => Uint8Array.from(groups.flatMap(group => [group >> 8, group & 255])))
const hex4 = (high: number, low: number): string => ((high << 8) | low).toString(16)

/** A spelling of an IPv6 address, drawn. */
function spelling(ip: Uint8Array): fc.Arbitrary<string> {
  const groups = Array.from({ length: 8 }, (_, i) => hex4(ip[2 * i] as number, ip[2 * i + 1] as number))
  const starts = groups.flatMap((group, i) => (group === '0' ? [i] : []))
  return fc
    .record({
      widths: fc.array(fc.nat(4), { minLength: 8, maxLength: 8 }),
      isLarge: fc.boolean(),
      isDotted: fc.boolean(),
      gap: fc.option(fc.nat(100), { nil: undefined }),
      gapLength: fc.nat(8),
    })
    .map(({ widths, isLarge, isDotted, gap, gapLength }) => {
      const written = groups.map((group, i) => group.padStart(widths[i] as number, '0'))
      const first = gap === undefined ? undefined : starts[gap % Math.max(1, starts.length)]
      let after = first ?? 0
      while (after < 8 && after - (first ?? 0) < Math.max(1, gapLength) && groups[after] === '0') after++
      const isWhole = isDotted && (first === undefined || after <= 6)
      const tail = isWhole ? [ip.slice(12).join('.')] : written.slice(6)
      const all = [...written.slice(0, 6), ...tail]
      const text =
        first === undefined || after === first || (isWhole && after > 6) || (isWhole && first >= 6)
          ? all.join(':')
          : `${all.slice(0, first).join(':')}::${all.slice(after).join(':')}`
      return isLarge ? text.toUpperCase() : text
    })
}

test('every spelling of an IPv6 address is that address, in one network, and one of them is plain', () => {
  fc.assert(
    fc.property(
      ip6.chain(ip => fc.tuple(fc.constant(ip), spelling(ip))),
      ([ip, text]) => {
        assert.equal(readIp(text), ip, text)
        const [plain, other] = [`/ip6/${writeIp(ip)}/tcp/4001`, `/ip6/${text}/tcp/4001`]
        assert.is(networkPrefix(other), networkPrefix(plain))
        assert.equal(networksOf([other, plain]), networksOf([plain]))
        assert.equal(originOf(other), originOf(plain))
        if (other !== plain) assert.is(isPlainAddress(other), false, other)
        const read = readMultiaddr(other)
        assert.is(read && writeMultiaddr(read), plain)
      },
    ),
    { numRuns: 2000 },
  )
})

test('libp2p reads the plain text as the same bytes', () => {
  fc.assert(
    fc.property(fc.oneof(bytes(4), ip6), ip => {
      const address = `/${ip.length === 4 ? 'ip4' : 'ip6'}/${writeIp(ip)}/tcp/4001`
      assert.equal(multiaddr(address).bytes.slice(1, 1 + ip.length), ip)
    }),
  )
})

const embedded: Readonly<Record<string, (a: number, b: number, c: number, d: number) => string>> = {
  'IPv4-mapped': (a, b, c, d) => `::ffff:${hex4(a, b)}:${hex4(c, d)}`,
  'IPv4-mapped, dotted': (a, b, c, d) => `0:0:0:0:0:FFFF:${a}.${b}.${c}.${d}`,
  'IPv4-translated': (a, b, c, d) => `::ffff:0:${hex4(a, b)}:${hex4(c, d)}`,
  NAT64: (a, b, c, d) => `64:ff9b::${hex4(a, b)}:${hex4(c, d)}`,
  'NAT64, dotted': (a, b, c, d) => `0064:FF9B::${a}.${b}.${c}.${d}`,
  'NAT64 of a network of its own': (a, b, c, d) => `64:ff9b:1:7::${hex4(a, b)}:${hex4(c, d)}`,
  '6to4': (a, b, c, d) => `2002:${hex4(a, b)}:${hex4(c, d)}:9::1`,
  Teredo: (a, b, c, d) => `2001:0:4136:e378:8000:63bf:${hex4(255 - a, 255 - b)}:${hex4(255 - c, 255 - d)}`,
}

for (const [what, write] of Object.entries(embedded)) {
  test(`${what}: the network is that of the IPv4 address`, () => {
    fc.assert(
      fc.property(bytes(4), four => {
        const [a, b, c, d] = four as unknown as [number, number, number, number]
        const six = `/ip6/${write(a, b, c, d)}/tcp/1`
        const plain = `/ip4/${a}.${b}.${c}.${d}/tcp/1`
        assert.is(networkPrefix(six), networkPrefix(plain))
        assert.equal(originOf(six), originOf(plain))
      }),
    )
  })
}

test('three mixes of one /16 meet in no path, however they announce themselves', () => {
  const node = (address: string): NodeEntry => ({ family: '', addresses: [address] }) as unknown as NodeEntry
  const gate = node('/ip4/203.0.113.1/tcp/4301')
  const apart = (hosts: readonly string[]): boolean =>
    areApart(
      gate,
      hosts.map(host => node(`/${host.includes(':') ? 'ip6' : 'ip4'}/${host}/tcp/1`)),
      gate,
      { networksApart: 1 },
    )
  assert.is(apart(['198.51.100.1', '203.1.113.1', '192.0.2.1']), true, 'control: of three networks')
  assert.is(apart(['198.51.100.1', '198.51.7.2']), false)
  for (const write of Object.values(embedded)) {
    assert.is(apart([write(198, 51, 100, 1), write(198, 51, 7, 2)]), false, write(198, 51, 100, 1))
    assert.is(apart([write(198, 51, 100, 1), '198.51.7.2']), false, write(198, 51, 100, 1))
  }
})

test('a tunnel to a private or loopback address is nobody’s own: it comes from outside', () => {
  for (const outside of ['2002:7f00:1::1', '64:ff9b::7f00:1', '2002:a00:1::1', '2001:0:1::80ff:fffe']) {
    assert.is(isLoopback(readIp(outside) as Uint8Array), false, outside)
    assert.is(networksOf([`/ip6/${outside}/tcp/1`]).length, 1, outside)
  }
  for (const own of [
    '127.0.0.1',
    '127.9.9.9',
    '::1',
    '::ffff:127.0.0.1',
    '0:0:0:0:0:0:0:1',
    '::FFFF:7f00:1',
  ]) {
    assert.is(isLoopback(readIp(own) as Uint8Array), true, own)
    assert.equal(networksOf([`/${own.includes(':') ? 'ip6' : 'ip4'}/${own}/tcp/1`]), [], own)
  }
  assert.equal(networksOf(['/ip6/fc::1/tcp/1', '/ip6/fe8::1/tcp/1']), ['fc:0', 'fe8:0'])
})

test('what is not written back the same is not plain, nor is what no host has', () => {
  const plain = [
    '/ip4/192.0.2.7/tcp/4101',
    '/ip6/2001:db8::1/tcp/4101/ws',
    '/ip6/64:ff9b::c000:201/tcp/1',
    '/dns4/mix.example/tcp/443/tls/ws',
    '/dns/localhost/tcp/443/wss',
    '/dns6/xn--nxasmq6b.example/tcp/1',
    '/dnsaddr/mix.example',
  ]
  const other = [
    '/dnsaddr/Mix.example',
    '/dnsaddr/127.1',
    '/ip4/192.00.2.7/tcp/4101',
    '/ip4/0300.0.2.1/tcp/1',
    '/ip4/127.1/tcp/1',
    '/ip4/3221225985/tcp/1',
    '/ip4/192.0.2.256/tcp/1',
    '/ip4/192.0.2.7/tcp/04101',
    '/ip4/192.0.2.7/tcp/0',
    '/ip4/192.0.2.7/tcp/65536',
    '/ip4/192.0.2.7/udp/1',
    '/ip4/192.0.2.7/tcp/1/',
    '/ip4/192.0.2.7/tcp/1/p2p/x',
    '/ip4/192.0.2.1/ipcidr/16/tcp/1',
    '/ip6/2001:DB8::1/tcp/1',
    '/ip6/2001:db8:0::1/tcp/1',
    '/ip6/::ffff:192.0.2.1/tcp/1',
    '/ip6/::ffff:c000:201/tcp/1',
    '/ip6/::c000:201/tcp/1',
    '/ip6/fe80::1%eth0/tcp/1',
    '/ip6zone/x/ip6/2001:db8::1/tcp/1',
    '/dns4/Mix.example/tcp/1',
    '/dns4/mix.example./tcp/1',
    '/dns4/127.0.0.1/tcp/1',
    '/dns4/127.1/tcp/1',
    '/dns4/a.0x7f/tcp/1',
    '/dns/-a.example/tcp/1',
    '/dns/a_b.example/tcp/1',
    '/dnsaddr/mix.example/tcp/1',
    '/unix/tmp',
    '',
  ]
  for (const address of plain) assert.is(isPlainAddress(address), true, address)
  for (const address of other) assert.is(isPlainAddress(address), false, address)
})

test('any text is read, or is not', () => {
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.stringMatching(/^[0-9a-f:.%]{0,45}$/)), text => {
      const ip = readIp(text)
      if (ip !== undefined) {
        assert.ok(ip.length === 4 || ip.length === 16)
        assert.equal(readIp(writeIp(ip)), ip)
        assert.ok(plainIp(ip).length <= ip.length)
      }
      for (const address of [text, `/ip6/${text}/tcp/1`, `/dns/${text}/tcp/1`]) {
        const read = readMultiaddr(address)
        if (read !== undefined) assert.ok(readMultiaddr(writeMultiaddr(read)))
        originOf(address)
      }
    }),
    { numRuns: 3000 },
  )
})

test.run()
