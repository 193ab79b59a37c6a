// docs/spec/directory-nodes.md 5.4 to 5.6: who is let in, who is not and hears why, and who leaves.
// tier: slow

import fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { ed25519PublicKey, ed25519Sign } from '#crypto'
import { networkPrefix } from '../directory/address.ts'
import type { AdmissionPolicy } from '../directory/authority/admission.ts'
import { Applicants } from '../directory/authority/applicants.ts'
import { certificateBytes, writeDescriptor } from '../directory/documents/descriptor.ts'
import { openProofs } from '../directory/documents/evidence.ts'
import { directoryProtocol, readAnswer, writeRequest } from '../directory/documents/exchange.ts'
import {
  approvalBytes,
  type JoinRequest,
  readJoin,
  readLeave,
  signJoin,
  signLeave,
  verifyJoin,
  writeJoin,
  writeLeave,
} from '../directory/documents/joining.ts'
import type { Role } from '../directory/documents/view.ts'
import { DirectoryError } from '../directory/error.ts'
import type { NodeDescription } from '../directory/join/description.ts'
import { joinDirectory } from '../directory/join/join.ts'
import { hex } from '../encoding/bytes.ts'
import { contentOf, descriptorOf, idOf, signer } from '../simulator/directory-samples.ts'
import { DirectoryWorld, describeNode, networkOf, seedOf } from '../simulator/directory-world.ts'
import { silent } from '../world/log.ts'
import { failureOf } from './refusals.ts'

const open: AdmissionPolicy = { proveAddresses: true, perNetwork: 0 }

/** Three authorities of one policy with the usual nodes, and their first document. */
async function started(policy: AdmissionPolicy, mixes = 3, gateways = 1): Promise<DirectoryWorld> {
  const world = new DirectoryWorld({ mixes, gateways })
  for (let i = 0; i < 3; i++) await world.startAuthority(i, { admission: policy })
  await world.startNodes()
  await world.startClient()
  await world.clock.advance(4000)
  return world
}

test('a flood of refused strangers pushes none of those out that were let in, and is bounded', () => {
  const applicants = new Applicants()
  const { stable } = descriptorOf(networkOf(), 'mix 0', 'mix', 0)
  applicants.note(stable, 1)
  for (let i = 0; i < 1000; i++) {
    const id = new Uint8Array(32).fill(i % 251).fill(i >> 8, 1, 2)
    applicants.note({ ...stable, id }, 2 + i, new DirectoryError('NO_ANSWER', 'x'.repeat(10_000)))
  }
  const { list } = applicants
  assert.is(list.length, 65)
  assert.is(list.at(-1)?.refused, null)
  assert.is(list[0]?.refused?.why.length, 200)
  // Who is let in later is listed once
  applicants.note({ ...stable, id: new Uint8Array(32).fill(999 % 251).fill(999 >> 8, 1, 2) }, 2000)
  assert.is(applicants.list.length, 65)
  assert.is(applicants.list[0]?.refused, null)
})

const refusal = (run: () => unknown): Promise<DirectoryError> => failureOf(DirectoryError, run)

const listed = (world: DirectoryWorld, name: string): boolean =>
  world.clients[0]?.current()?.nodes.has(hex(ed25519PublicKey(seedOf(name)))) === true

test('open with proof of address: nodes are let in, and a network starts within seconds all the same', async () => {
  const world = await started(open)
  assert.is(world.clients[0]?.current()?.epoch, 0)
  assert.is(world.clients[0]?.current()?.nodes.size, 4)
  for (const { directory } of world.nodes) assert.is(directory.refusals().size, 0)
  await world.close()
})

test('who is not where it says stays outside and hears why; without the proof it would be in', async () => {
  for (const proveAddresses of [true, false]) {
    const world = await started({ ...open, proveAddresses })
    const elsewhere = await world.startNode('elsewhere', 'mix', { addresses: ['/memory/not-mine'] })
    await world.advanceTo(2, 0.1)
    assert.is(listed(world, 'elsewhere'), !proveAddresses)
    const told = [...elsewhere.directory.refusals().values()]
    assert.is(told.length, proveAddresses ? 3 : 0)
    for (const { code, why } of told) {
      assert.is(code, 'NO_ANSWER')
      assert.match(why, 'join: /memory/not-mine: no answer when dialled')
    }
    const asked = world.authorities[0]?.status().applicants ?? []
    const [newest] = asked
    assert.is(asked.length, 5)
    assert.equal(
      [newest?.id, newest?.addresses],
      [hex(ed25519PublicKey(seedOf('elsewhere'))), ['/memory/not-mine']],
    )
    assert.is(newest?.refused?.code, proveAddresses ? 'NO_ANSWER' : undefined)
    assert.is(asked.filter(({ refused }) => refused === null).length, proveAddresses ? 4 : 5)
    await world.close()
  }
})

test('a list: who stands on it comes in, by its identity; who does not hears that', async () => {
  const names = ['mix 0', 'mix 1', 'mix 2', 'gateway 0']
  const world = await started({ ...open, allow: [...names, 'operator'].map(idOf) })
  const certified = certifiedBy('operator', 'mine', 'mix', 'me@example.org')
  await world.startNode('mine', 'mix', { certified, contact: 'me@example.org' })
  const stranger = await world.startNode('stranger', 'mix')
  await world.advanceTo(2, 0.1)
  assert.ok(listed(world, 'mine'))
  assert.not(listed(world, 'stranger'))
  const [{ code, why } = { code: '', why: '' }] = [...stranger.directory.refusals().values()]
  assert.is(code, 'NOT_ADMITTED')
  assert.is(why, `join: identity ${hex(idOf('stranger'))} is not on the list`)
  await world.close()
})

test('two nodes of one network at most, one more hears that; without the limit it would be in', async () => {
  for (const perNetwork of [2, 0]) {
    const world = await started({ proveAddresses: false, perNetwork: 0 })
    for (let i = 0; i < 3; i++) {
      await world.killAuthority(i)
      await world.startAuthority(i, { admission: { proveAddresses: false, perNetwork } })
    }
    for (const i of [1, 2, 3]) {
      const says = { addresses: [`/ip4/198.51.100.${i}/tcp/4001`] }
      const node = await world.startNode(`crowd ${i}`, 'mix', says)
      await world.clock.advance(1500)
      const codes = new Set([...node.directory.refusals().values()].map(({ code }) => code))
      assert.equal([...codes], perNetwork > 0 && i === 3 ? ['NETWORK_FULL'] : [])
    }
    await world.advanceTo(2, 0.1)
    assert.is(listed(world, 'crowd 3'), perNetwork === 0)
    assert.ok(listed(world, 'crowd 2'))
    await world.close()
  }
})

test('members that kept quiet are counted when they come back; without the limit they would all be in', async () => {
  for (const perNetwork of [2, 0]) {
    const world = await started({ proveAddresses: false, perNetwork: 0 })
    for (let i = 0; i < 3; i++) {
      await world.killAuthority(i)
      await world.startAuthority(i, { admission: { proveAddresses: false, perNetwork } })
    }
    const start = (i: number) =>
      world.startNode(`crowd ${i}`, 'gateway', { addresses: [`/ip4/198.51.100.${i}/tcp/4001`] })
    for (const [epoch, i] of [
      [1, 1],
      [5, 3],
    ] as const) {
      await world.advanceTo(epoch, 0.02)
      const pair = [await start(i), await start(i + 1)]
      await world.advanceTo(epoch, 0.5)
      for (const node of pair) await world.killNode(node)
    }
    await world.advanceTo(9, 0.01)
    for (const i of [1, 2, 3, 4]) await start(i)
    await world.advanceTo(11, 0.5)
    const names = [1, 2, 3, 4].filter(i => listed(world, `crowd ${i}`))
    assert.is(names.length, perNetwork === 0 ? 4 : 2)
    await world.close()
  }
})

test('one authority alone limits no network: the others vote for any number', async () => {
  const world = new DirectoryWorld({ mixes: 3, gateways: 1 })
  for (const i of [0, 1, 2]) await world.startAuthority(i, i === 0 ? { wanted: { nodesPerNetwork: 1 } } : {})
  await world.startNodes()
  await world.startClient()
  for (const i of [1, 2, 3]) {
    await world.startNode(`crowd ${i}`, 'gateway', { addresses: [`/ip4/198.51.100.${i}/tcp/4001`] })
  }
  await world.advanceTo(3, 0.1)
  for (const i of [1, 2, 3]) assert.ok(listed(world, `crowd ${i}`), `crowd ${i}`)
  await world.close()
})

test('names are counted by what they stand for when they are dialled; who is kept out hears the network', async () => {
  const named = async (
    proveAddresses: boolean,
    networkOf: (i: number) => number,
  ): Promise<Map<number, string>> => {
    const names = new Map([1, 2, 3].map(i => [`host-${i}.example`, Uint8Array.of(198, networkOf(i), 100, i)]))
    const world = new DirectoryWorld({ mixes: 3, gateways: 1, names })
    for (let i = 0; i < 3; i++) await world.startAuthority(i, { admission: open })
    await world.startNodes()
    await world.startClient()
    await world.clock.advance(4000)
    for (let i = 0; i < 3; i++) {
      await world.killAuthority(i)
      await world.startAuthority(i, { admission: { proveAddresses, perNetwork: 2 } })
    }
    const why = new Map<number, string>()
    const { network, clock, random } = world
    for (const i of [1, 2, 3]) {
      const name = `named ${i}`
      const link = world.host(name, 'node', [`/dns4/host-${i}.example/tcp/4001`])
      const directory = await joinDirectory({
        ...{ network, clock, random, link, log: silent, describe: describeNode(name, 'gateway', link) },
        sign: message => ed25519Sign(seedOf(name), message),
      })
      await world.clock.advance(1500)
      for (const refused of directory.refusals().values()) why.set(i, `${refused.code} ${refused.why}`)
      world.nodes.push({ name, role: 'gateway', link, directory })
    }
    await world.advanceTo(2, 0.1)
    for (const i of [1, 2, 3]) assert.is(listed(world, `named ${i}`), !why.has(i), why.get(i))
    await world.close()
    return why
  }
  assert.equal(await named(true, i => i), new Map(), 'networks of their own')
  const full = 'NETWORK_FULL join: /ip4/198.51.100.3/tcp/4001: 2 nodes are in its network 198.51 already'
  assert.equal(await named(true, () => 51), new Map([[3, full]]))
  const undialled = await named(false, i => i)
  assert.match(undialled.get(1) ?? '', /^NOT_ADMITTED join: .dns4.*nobody dials a name/)
})

test('a name that is pointed to another network counts there, and of that network no more are in than are wanted', async () => {
  const moved = async (perNetwork: number, form: (host: string) => string): Promise<number> => {
    const names = new Map([1, 2, 3].map(i => [`host-${i}.example`, Uint8Array.of(198, i, 100, i)]))
    const world = new DirectoryWorld({ mixes: 3, gateways: 1, names })
    for (let i = 0; i < 3; i++) await world.startAuthority(i, { admission: open })
    await world.startNodes()
    await world.startClient()
    await world.clock.advance(4000)
    for (let i = 0; i < 3; i++) {
      await world.killAuthority(i)
      await world.startAuthority(i, { admission: { proveAddresses: true, perNetwork } })
    }
    const { network, clock, random } = world
    for (const i of [1, 2, 3]) {
      const name = `named ${i}`
      const link = world.host(name, 'node', [form(`host-${i}.example`)])
      const directory = await joinDirectory({
        ...{ network, clock, random, link, log: silent, describe: describeNode(name, 'gateway', link) },
        sign: message => ed25519Sign(seedOf(name), message),
      })
      await world.clock.advance(1500)
      world.nodes.push({ name, role: 'gateway', link, directory })
    }
    const listedNow = (): number => [1, 2, 3].filter(i => listed(world, `named ${i}`)).length
    await world.advanceTo(2, 0.1)
    assert.is(listedNow(), 3)
    for (const i of [1, 2, 3]) names.set(`host-${i}.example`, Uint8Array.of(198, 51, 100, i))
    await world.advanceTo(5, 0.1)
    const count = listedNow()
    await world.close()
    return count
  }
  const toIp = (host: string): string => `/dns4/${host}/tcp/4001`
  assert.is(await moved(2, toIp), 2)
  assert.is(await moved(0, toIp), 3, 'control: where nobody counts, all stay')
  assert.is(await moved(2, host => `/dnsaddr/${host}`), 2)
})

test('who leaves is out of the next document, who is killed only of the one after; coming back undoes it', async () => {
  // Enough for each layer to keep one
  const world = await started(open, 9)
  const [left, killed] = [world.nodes[0], world.nodes[1]]
  assert.ok(left && killed)
  await world.advanceTo(1, 0.08)
  await world.killNode(killed)
  const told = await settled(world, left.directory.leave())
  assert.equal([...told.values()], [true, true, true])
  await world.killNode(left)
  await world.advanceTo(2, 0.05)
  assert.not(listed(world, left.name))
  assert.ok(listed(world, killed.name), 'it had uploaded for this one')
  await world.startNode(left.name, left.role)
  await world.advanceTo(3, 0.05)
  assert.ok(listed(world, left.name))
  assert.not(listed(world, killed.name))
  await world.close()
})

test('a note that somebody else made, and one from before the return, change nothing', async () => {
  const world = await started(open)
  const { network } = world
  const id = idOf('mix 0')
  await world.advanceTo(1, 0.01)
  const asker = world.links.host({ cellBytes: 100, admits: () => false, role: 'client' })
  const send = async (note: Uint8Array): Promise<unknown> => {
    const request = writeRequest({ ask: 'leave', note })
    const options = { timeoutMs: 1000, maxBytes: 4096 }
    const [authority] = network.authorities
    assert.ok(authority)
    return readAnswer(await settled(world, asker.request(authority, directoryProtocol, request, options)))
  }
  const note = { id, epoch: 1, serial: 19_999 }
  const forged = writeLeave(signLeave(network.name, note, signer('mix 1')))
  assert.is((await refusal(() => send(forged))).code, 'BAD_SIGNATURE')
  const old = writeLeave(signLeave(network.name, { ...note, epoch: 0, serial: 0 }, signer('mix 0')))
  assert.is((await refusal(() => send(old))).code, 'OLD_EPOCH')
  await world.advanceTo(2, 0.05)
  assert.ok(listed(world, 'mix 0'))
  // The control: the same note, by the node and of now.
  await send(writeLeave(signLeave(network.name, { ...note, epoch: 2 }, signer('mix 0'))))
  await asker.close()
  await world.close()
})

test('members are known again after a restart, and need not ask', async () => {
  const world = await started(open)
  await world.advanceTo(1, 0.5)
  for (let i = 0; i < 3; i++) {
    await world.killAuthority(i)
    await world.startAuthority(i, { admission: open })
  }
  await world.advanceTo(3, 0.5)
  assert.is(world.clients[0]?.current()?.nodes.size, 4)
  for (const authority of world.authorities) assert.is(authority?.status().refused.JOIN_FIRST ?? 0, 0)
  await world.close()
})

test('requests beyond the rate are turned away before anything is read', async () => {
  const world = await started(open)
  const asker = world.host('flood', 'node')
  const [authority] = world.network.authorities
  assert.ok(authority)
  const codes: string[] = []
  for (let i = 0; i < 10; i++) {
    const request = writeRequest({ ask: 'join', request: new Uint8Array(4000) })
    const asked = asker.request(authority, directoryProtocol, request, { timeoutMs: 1000, maxBytes: 4096 })
    codes.push((await refusal(async () => readAnswer(await settled(world, asked)))).code)
  }
  assert.ok(codes.slice(0, 4).every(code => code === 'BAD_DOCUMENT'))
  assert.ok(codes.slice(5).every(code => code === 'BUSY'))
  await asker.close()
  await world.close()
})

test('a node that says two things is proven so to everybody and out; one that only says more is in', async () => {
  for (const serials of [
    [5, 5],
    [5, 6],
  ] as const) {
    const world = new DirectoryWorld({ mixes: 3, gateways: 1 })
    await world.startAuthorities()
    await world.startNodes()
    await world.startClient()
    await world.clock.advance(4000)
    const link = world.host('two-faced', 'node')
    const { network } = world
    await world.advanceTo(1, 0.03)
    for (const [i, authority] of network.authorities.entries()) {
      const serial = serials[i === 0 ? 0 : 1]
      const stable = { family: i === 0 ? '' : 'other' }
      const descriptor = writeDescriptor(descriptorOf(network, 'two-faced', 'mix', 2, { serial, stable }))
      const request = writeRequest({ ask: 'upload', descriptor })
      const asked = link.request(authority, directoryProtocol, request, { timeoutMs: 1000, maxBytes: 4096 })
      readAnswer(await settled(world, asked))
    }
    await world.advanceTo(2, 0.05)
    const contradicts = serials[0] === serials[1]
    assert.is(listed(world, 'two-faced'), !contradicts)
    assert.ok(listed(world, 'mix 0'))
    const asker = world.links.host({ cellBytes: 100, admits: () => false, role: 'client' })
    for (const authority of network.authorities) {
      const request = writeRequest({ ask: 'evidence' })
      const asked = asker.request(authority, directoryProtocol, request, {
        timeoutMs: 1000,
        maxBytes: 65_536,
      })
      const proofs = openProofs(network, readAnswer(await settled(world, asked)))
      assert.equal(
        proofs.map(({ kind, signer: who }) => [kind, hex(who)]),
        contradicts ? [['descriptor', hex(idOf('two-faced'))]] : [],
      )
    }
    await asker.close()
    await world.close()
  }
})

function certifiedBy(
  operator: string,
  node: string,
  role: Role,
  contact: string,
  until = 100,
): NodeDescription['certified'] {
  const { name } = networkOf()
  const approved = { id: idOf(node), role, family: '', certifiedUntil: until }
  return {
    identity: idOf(operator),
    certificate: signer(operator)(certificateBytes(name, idOf(node), until)),
    until,
    approval: signer(operator)(approvalBytes(name, approved, contact)),
  }
}

test('a request is signed by the node and by its identity, over all that it asks', async () => {
  const { name } = networkOf()
  const certified = certifiedBy('operator', 'mix 0', 'mix', 'me@example.org')
  assert.ok(certified)
  const { identity, certificate, until: certifiedUntil, approval } = certified
  const stable = contentOf('mix 0', 'mix', 5, { stable: { identity, certificate, certifiedUntil } }).stable
  const asked = { stable, epoch: 4, serial: 7, contact: 'me@example.org', approval }
  const request = signJoin(name, asked, signer('mix 0'))
  verifyJoin(name, readJoin(writeJoin(request)))
  const wrong: [string, JoinRequest][] = [
    ['BAD_SIGNATURE', { ...request, serial: 8 }],
    ['BAD_SIGNATURE', { ...request, stable: { ...stable, family: 'other' } }],
    ['BAD_SIGNATURE', signJoin(name, { ...asked, contact: 'you@example.org' }, signer('mix 0'))],
    ['BAD_SIGNATURE', signJoin(name, { ...asked, stable: { ...stable, role: 'gateway' } }, signer('mix 0'))],
    ['BAD_SIGNATURE', signJoin('elsewhere', asked, signer('mix 0'))],
    ['BAD_SIGNATURE', signJoin(name, asked, signer('mix 1'))],
    ['OLD_EPOCH', signJoin(name, { ...asked, epoch: 101 }, signer('mix 0'))],
  ]
  for (const [code, one] of wrong) assert.is((await refusal(() => verifyJoin(name, one))).code, code)
})

test('any bytes give a request, a note, or the own error', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), bytes => {
      for (const read of [readJoin, readLeave]) {
        try {
          read(bytes)
        } catch (error) {
          assert.instance(error, DirectoryError)
        }
      }
    }),
  )
  const stable = contentOf('mix 0', 'mix', 5).stable
  fc.assert(
    fc.property(fc.nat(), fc.nat(), fc.string({ maxLength: 20 }), (epoch, serial, contact) => {
      const none = new Uint8Array(0)
      const bytes = writeJoin(
        signJoin('n', { stable, epoch, serial, contact, approval: none }, signer('mix 0')),
      )
      assert.equal(writeJoin(readJoin(bytes)), bytes)
      const note = writeLeave(signLeave('n', { id: idOf('mix 0'), epoch, serial }, signer('mix 0')))
      assert.equal(writeLeave(readLeave(note)), note)
    }),
    { numRuns: 20 },
  )
})

test('the network of an address', () => {
  for (const [address, prefix] of [
    ['/ip4/192.0.2.7/tcp/1', '192.0'],
    ['/ip6/2001:db8::1/tcp/1', '2001:db8'],
    ['/ip6/2001:0DB8:1:2:3:4:5:6/tcp/1', '2001:db8'],
    ['/ip6/::1/tcp/1', '0:0'],
    ['/ip6/2003::/tcp/1', '2003:0'],
    ['/dns4/mix.example/tcp/1', undefined],
  ] as const)
    assert.is(networkPrefix(address), prefix, address)
})

/** Lets time pass until a promise settles. */
async function settled<T>(world: DirectoryWorld, promise: Promise<T>): Promise<T> {
  let over = false
  const end = (): void => {
    over = true
  }
  promise.then(end, end)
  for (let i = 0; i < 200 && !over; i++) await world.clock.advance(50)
  return promise
}

test.run()
