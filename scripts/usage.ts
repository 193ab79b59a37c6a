// Texts that `--help` prints. They are kept apart from the commands, so that help loads none of their libraries.

import { clientUsages } from './usage-client.ts'

export const overview = `chaffinch: a peer-to-peer mixnet

usage: chaffinch COMMAND [OPTIONS]

  net        start a whole network of processes on this machine and check its claims
  init       write the files of a network, an authority, a mix, a gateway or a client
  authority  run a directory authority
  mix        run a mix
  gateway    run a gateway
  client     run a client with its loopback HTTP API
  send       send a message or a reply through a running client
  inbox      show what has arrived at a running client: list, read, watch
  reply      answer a message of the inbox
  bulletin   read what everybody can read, or publish without a name
  address    print the address of a running client
  queue      list what a running client was given to send
  inspect    say what a message, an address or a string of reply blocks is
  flush      wait until what was given has left or arrived
  clean      have a running client forget what is over
  surb       make, inspect and use reply blocks by hand
  services   list the services that gateways announce
  request    ask a service, and print its answer
  ping       measure the way to a service and back
  contacts   names for addresses
  identity   lock the keys of a client, copy them, take them elsewhere
  cover      show what each level of cover traffic costs and hides
  key        make an operator's identity key, and certify nodes with it
  status     say how a running role of this machine is
  doctor     say what is wrong with a role on this machine, and what to do
  consensus  show, verify and compare what the authorities of a network signed
  ledger     run a ledger that peers reach through the mixnet
  pay        pay and be paid so that nobody sees who paid whom
  demo       show how payments hide: dining cryptographers, payments in pieces

  CHAFFINCH_CONFIG=FILE       what every command takes as its --config, unless it names one
  chaffinch COMMAND --help    options and examples of a command
  chaffinch --version

examples:
  chaffinch net
  chaffinch init client me --network network.toml
  chaffinch client --config me/client.toml
  chaffinch send --config me/client.toml --to ADDRESS 'hello'
`

const role = (name: string, listens: string, more = ''): string => `usage: chaffinch ${name} --config FILE
${more === '' ? '' : `       chaffinch ${name} leave --config FILE\n`}
Runs a ${name} until SIGTERM or Ctrl-C. ${listens}

${more}  --config FILE   what 'chaffinch init ${name}' wrote (default: ${name}.toml)

example:
  chaffinch ${name} --config ${name === 'authority' ? 'alpha' : `${name}1`}/${name}.toml
`

const leaving = `  leave           tell the authorities that it leaves, and say until when to keep it running
`

export const usages: Readonly<Record<string, string>> = {
  net: `usage: chaffinch net [OPTIONS]

Starts authorities, mixes, gateways and clients as processes of their own, sends messages through them, kills
some of them, and checks that nothing was lost. In a terminal it shows a live table and stays until Ctrl-C.

  --authorities N   how many authorities (default: 3)
  --mixes N         how many mixes, in three layers (default: 6)
  --gateways N      how many gateways (default: 2)
  --clients N       how many clients; those with even numbers send, the odd ones receive and reply (default: 6)
  --messages N      how many messages are sent in all (default: 12)
  --payments N      N persons meet at the end: one pays another, the others mix, in one round, on a ledger at one more
                    client
                    (default: none; at least 3)
  --ledger NAME     embedded, or bitcoin: a node on regtest, installed with npm ci in test/bitcoin-node
                    (default: embedded)
  --kill KINDS      what loses a process to SIGKILL in the middle: mix, gateway, authority, or none
                    (default: mix,gateway); a mix stays dead, the others start again after 5 s;
                    authorities: all of them, for good, and the run waits until everybody says so
  --epoch TIME      length of an epoch (default: 15s, from 8 clients on 2s a client, with payments 20s; longer where the
                    machine is too slow or too busy, which is measured and said)
  --delay TIME      mean delay at a hop (default: 50ms)
  --cover LEVEL     how much the clients send when nobody writes: off, low, default or high
  --seed N          seed of the choices made here: who writes to whom, who is killed (default: drawn)
  --dir PATH        where the files are kept (default: a temporary folder, removed at the end)
  --preset NAME     netmix: three sources, a cascade of three mixes, three destinations, and at the end their
                    ledgers beside that of an observer who sees every link
  --once            end when the claims are settled, also in a terminal
  --stay            stay up after that, also without a terminal
  --json            print one JSON object as the last line of standard output

examples:
  chaffinch net
  chaffinch net --once --json
  chaffinch net --mixes 9 --clients 10 --messages 50 --kill mix,gateway,authority
  chaffinch net --payments 8 --once --json
  chaffinch net --preset netmix
`,
  init: `usage: chaffinch init WHAT PATH [OPTIONS]

Writes commented TOML, and the key of what has one beside it. Overwrites nothing. In a terminal 'chaffinch init' and
'chaffinch init WHAT' ask for the rest.

  init authority DIR --listen ADDRESS     prints ID@ADDRESS#SHARINGKEY, for 'init network --authority'
  init mix DIR --listen ADDRESS           prints its id
  init gateway DIR --listen ADDRESS       prints its id
  init client DIR
  init network FILE --name NAME --authority ID@ADDRESS#SHARINGKEY ...

of an authority, a mix or a gateway:
  --network FILE      the network file (default: network.toml)
  --listen ADDRESS    a multiaddr; may be given more than once
  --announce ADDRESS  what others dial, where that differs
  --status-port N     port of its status on 127.0.0.1 (default: any free one)
  --family NAME       one name for all nodes that you run
  --contact TEXT      where the authorities' people reach you
  --dial-from IP      the address of this machine to dial from

of a client:
  --network FILE, --dial-from IP
  --gateway ID        whose mailbox it uses; may be given more than once, best first
  --api-port N        port of its HTTP API on 127.0.0.1 (default: 7700)
  --cover LEVEL       off, low, default or high: 'chaffinch cover' shows what each costs

of a network:
  --name NAME         (default: chaffinch)
  --authority LINE    what 'init authority' printed; once for each
  --threshold N       how many of them must sign (default: more than half)
  --epoch TIME        (default: 20min)
  --genesis TIME      start of epoch 0 (default: now)
  --layers N          layers of mixes (default: 3)
  --topology NAME     stratified, cascade or free (default: stratified)
  --min-mixes N, --min-gateways N
                      what the first consensus waits for (default: one mix a layer, one gateway)

examples:
  chaffinch init authority alpha --listen /ip4/127.0.0.1/tcp/4101 --status-port 7101
  chaffinch init network network.toml --name demo --epoch 20s --authority "$ALPHA" --authority "$BETA"
  chaffinch init mix mix1 --network network.toml --listen /ip4/127.0.0.1/tcp/4201 --family mine
`,
  authority: `usage: chaffinch authority --config FILE
       chaffinch authority add LINE [--from EPOCH] [--threshold N] --config FILE
       chaffinch authority replace ID LINE [--from EPOCH] [--threshold N] --config FILE
       chaffinch authority retire ID [--from EPOCH] [--threshold N] --config FILE
       chaffinch authority keep --config FILE
       chaffinch authority network FILE --network FILE
       chaffinch authority applicants [--json] --config FILE

Runs an authority until SIGTERM or Ctrl-C. It agrees with the other authorities on a consensus every epoch and serves
it. The other forms say whom this operator wants to be the authorities from some epoch on. They change when as many
operators as sign a document run the same, and the new authorities run with it too; the document that hands over is signed by
the old ones and the new ones, and everybody follows it.

  add        one more: LINE is what 'init authority' printed
  replace    one, by its id, with another
  retire     one, by its id
  keep       want no change, or no more
  network    write the network file with the authorities of now, for those who are new
  applicants list the nodes that asked to be let in while it ran, and why some were refused

  --config FILE   what 'chaffinch init authority' wrote (default: authority.toml)
  --from EPOCH    the first epoch whose document is signed by both (default: 6 epochs from now)
  --threshold N   how many of the new ones must sign (default: more than half)
  --network FILE  an older network file (default: network.toml)

examples:
  chaffinch authority --config alpha/authority.toml
  chaffinch authority add "$DELTA" --from 120 --config alpha/authority.toml
`,
  mix: role('mix', 'It takes packets, peels a layer, holds them and forwards them.', leaving),
  gateway: role('gateway', 'It lets clients in and keeps their mailboxes.', leaving),
  client: role('client', 'Its HTTP API listens on 127.0.0.1 only and wants the token in FOLDER/token.'),
  ...clientUsages,
  key: `usage: chaffinch key new FILE
       chaffinch key show FILE
       chaffinch key certify --key FILE --node ID --role ROLE [OPTIONS]

An operator's identity key says which nodes are the operator's, and stays offline. It certifies the key that a node
runs with for a limited time; what certify writes goes to the node as the file 'certificate' of its configuration.

  new        write a new identity key and print its public key: what an authority's list wants
  show       print the public key of a key file
  certify    let a node's key ask to join with this role, family and contact

  --key FILE       the identity key
  --node ID        what 'chaffinch init mix' or 'init gateway' printed
  --role ROLE      mix or gateway
  --family NAME    as in the node's file
  --contact TEXT   as in the node's file
  --network FILE   the network file (default: network.toml)
  --for TIME       how long it holds (default: 90d)
  --until EPOCH    or its last epoch
  --out FILE       where to write it; a certificate of the same node is renewed (default: standard output)

examples:
  chaffinch key new operator.key
  chaffinch key certify --key operator.key --node "$ID" --role mix --out mix1/node.certificate
`,
  doctor: `usage: chaffinch doctor [--config FILE] [--role ROLE] [--json]

Looks at a role of this machine: its file, keys and certificate, folder and disk, ports, the clock against the
authorities', the consensus, and what the running role says of itself. Says what is wrong and what to do. Exits 0 when
nothing is, 1 when something is, 2 when its file has a mistake. A warning alone is no reason for 1.

  --config FILE   the role's file (default: authority.toml, mix.toml, gateway.toml or client.toml here)
  --role ROLE     whose file it is, where its name does not say so
  --json          print one line of JSON: {"healthy", "role", "file", "findings": [{"check", "state", "says", "fix"}]}

example:
  chaffinch doctor --config mix1/mix.toml
`,
  status: `usage: chaffinch status [--config FILE] [--role ROLE] [--json]

Says how a running authority, mix, gateway or client of this machine is: consensus, standing, packets, who keeps it out.

  --config FILE   its file (default: CHAFFINCH_CONFIG, else the one of authority, mix, gateway and client.toml here)
  --role ROLE     whose file it is, where its name does not tell
  --json          print all of its /status as JSON

example:
  chaffinch status --config mix1/mix.toml
`,
  consensus: `usage: chaffinch consensus [show] [--epoch N] [--save FILE]
       chaffinch consensus verify [FILE] [--log] [--epoch N]
       chaffinch consensus history [--epochs N] [--epoch N]
       chaffinch consensus diff [--from N] [--epoch N]
       chaffinch consensus evidence
       chaffinch consensus paths [--adversary K] [--epoch N]

Fetches what a network's authorities have signed, and checks it: signatures, name, epoch, time.

  show       one consensus: who signed it, and its nodes
  verify     every step of checking one, of an authority or in a file, and whether it stands in the log of the newest
             (of a file with --log); exits 1 unless all hold
  history    documents one after another, whether each names the one before it, and whether the authorities' logs are
             one; exits 1 unless they are
  diff       what changed between two
  evidence   proofs that an authority signed two things where there may be one
  paths      the share of all paths of which K nodes of one hand are all mixes, or both gateways: of the K that own
             most, and expected of K at random

  --network FILE   the network file (default: network.toml)
  --epoch N        the document of that epoch (default: the newest)
  --save FILE      of show: keep the signed document in a new file
  --epochs N       of history: how many epochs back (default: 6, at most 72)
  --from N         of diff: the epoch to compare with (default: the one before)
  --adversary K    of paths: nodes of one hand (default: 1)
  --log            of verify FILE: ask the authorities whether it stands in their log
  --json           print one line of JSON

examples:
  chaffinch consensus --network network.toml
  chaffinch consensus show --save today.consensus
  chaffinch consensus verify today.consensus
  chaffinch consensus history --epochs 20
  chaffinch consensus diff --from 41 --epoch 43 --json
  chaffinch consensus paths --adversary 10
`,
  ledger: `usage: chaffinch ledger init DIR [--name NAME]
       chaffinch ledger run DIR [--config FILE] [--port N] [--status-port N]
       chaffinch ledger mirror DIR --genesis HEX --at ADDRESS | --url URL [--config FILE] [--port N]
       chaffinch ledger mint DIR --amount N [--each] --to KEY [--to KEY ...]
       chaffinch ledger verify DIR [--json]
       chaffinch ledger verify --url URL --genesis HEX [--json]

An embedded ledger (docs/spec/payments-ledger.md 3): one log, one key, and proofs by which everybody can check it.

  init     writes the ledger's key, the mint's key and the genesis, and prints the genesis: what clients pin
  run      answers peers at the address of the running client of --config until SIGTERM or Ctrl-C, and tells its
           signed heads to all, so that they can compare what they were shown
  mirror   reads the log of a ledger that somebody else keeps, checks every entry, and answers for it at the address of
           the running client of --config, and on --port
  mint     makes notes of an amount, one key for each; not while 'run' has the ledger open
  verify   reads the whole log, from a folder or from where 'run' or 'mirror' answer over HTTP: chain, tree, signatures,
           sums; exits 1 unless all hold

  --config FILE   the client's file (default: client.toml)
  --status-port N of run: /status, /metrics and /healthz on 127.0.0.1 (default: any free port)
  --name NAME     of init (default: chaffinch)
  --amount N      of mint: split into 1, 2 and 5 times powers of ten
  --each          of mint: a note of N for each key; N must be 1, 2 or 5 times a power of ten
  --to KEY        of mint: 64 hexadecimal digits, an Ed25519 public key that is used once
  --port N        of run and mirror: answer over HTTP too, on this port of 127.0.0.1 (0: a free one)
  --genesis HEX   of mirror and verify: the ledger's genesis, as 'init' prints it
  --at ADDRESS    of mirror: the ledger's address, or that of another mirror; the running client of --config asks
  --url URL       of mirror and verify: where a ledger or a mirror answers over HTTP
  --json          of verify: print JSON

examples:
  chaffinch ledger init bank --name demo
  chaffinch ledger run bank --config me/client.toml
  chaffinch ledger verify bank
  chaffinch ledger mirror copy --genesis "$GENESIS" --at "$ADDRESS" --config me/client.toml
  chaffinch ledger verify --url http://127.0.0.1:8080 --genesis "$GENESIS"
`,
  pay: `usage: chaffinch pay address
       chaffinch pay request AMOUNT [--memo TEXT] [--deadline TIME]
       chaffinch pay send REQUEST [--yes]
       chaffinch pay mix AMOUNT [--yes]
       chaffinch pay finish PAYMENT
       chaffinch pay status | history [--wait]
       chaffinch pay backup [--export FILE]
       chaffinch pay restore [--gap N] [--import FILE]
       chaffinch pay boltzmann FILE.json
       chaffinch pay --ledger bitcoin ACTION … (docs/guide/bitcoin.md)

Payments in pieces, through rounds that no coordinator runs (docs/spec/payments-paymix.md 5). The ledger's genesis and address stand on
two lines of 'payments.ledger' in the client's folder; keys and payments lie there too, under seal. It asks the running
client, which goes on by itself; where none runs, it runs one for as long as the command takes.

  address    the client's address, and a fresh key to be paid to
  request    prints a request to be paid, with a fresh key for every piece
  send       pays a request, and says what it waits for until the last piece is paid
  mix        the same to oneself: the notes come back mixed
  finish     pays the pieces of a payment that were kept after all, with --deadline from now
  status     what can be spent, and the payments and requests that are open, with what each waits for
  history    payments and requests that are over, and why what was not paid was not
  backup     shows 24 words on this terminal and has them typed back: they restore every key, also those that are made
             later. --export writes, sealed, the keys from before there were words: the client must not run
  restore    asks for the words, or reads them from standard input; looks for their notes when payments are opened next
  boltzmann  counts in how many ways a join can be taken apart: interpretations, entropy in bits, and for each output and
             input in how many of them the two belong together

  --yes            of send and mix: sign. Without it they say what the payment costs, how long it takes and how well it
                   hides, and sign nothing
  --peers N        peers that are expected at a meeting (default: 8)
  --colluding C    say how well it hides if up to C of them tell each other everything (default: 2)
  --deadline TIME  what is not mixed by then is not paid (default: 1d)
  --memo TEXT      what a request is for
  --wait           of status: stay until all that is open is over
  --config FILE    the client's file (default: client.toml)
  --gap N          of restore: so many keys in a row that nobody paid end the search (default: 1000)
  --json           print JSON; of boltzmann {"interpretations":"…","entropyBits":…,"links":[[…]]}, a row an output

on Bitcoin, by a node of one's own (Bitcoin Core with txindex=1), which is looked at first:
  address [--kind p2wpkh|p2tr|p2sh-p2wpkh]   a fresh address
  status                                     the coins: amount, name (txid:vout), depth, joins left, label
  send ADDRESS SATOSHI | fund DENOMINATION [--count N] | mix DENOMINATION
  bump TXID | lift TXID:VOUT                 pay more for what waits: again, or with a child
  freeze | thaw TXID:VOUT, label TXID:VOUT TEXT, labels [FILE]   what may be spent, and names (BIP 329)
  descriptors, submit FILE                   to watch elsewhere; a PSBT that was signed elsewhere
  --node URL --cookie FILE --chain NAME      where the node is; in client.toml under [payments] too
  --coin TXID:VOUT (often)  --fee-rate N | --blocks N  --most-fee SATOSHI  --psbt FILE  --yes

examples:
  chaffinch pay request 80 --memo tea
  chaffinch pay send "$REQUEST" --colluding 3
  chaffinch pay send "$REQUEST" --yes
  echo '{"inputs":[["a",10],["b",10]],"outputs":[["A",8],["B",2],["C",3],["D",7]]}' > case.json
  chaffinch pay boltzmann case.json
`,
  demo: `usage: chaffinch demo dcnet [--seed N]
       chaffinch demo paymix [--seed N] [--json]

Runs a story on a virtual clock and prints it.

  dcnet    the dining cryptographers, from one bit to the slots of a payment round (docs/spec/payments-net.md 2.6)
  paymix   three senders pay three receivers through Mixer:In and Mixer:Out: the public ledger beside the senders' own
           temporal ledgers, and how well an observer guesses who paid (docs/spec/payments-paymix.md 5)

  --seed N   the same story again (default: drawn)
  --json     of paymix: print one JSON object

examples:
  chaffinch demo dcnet
  chaffinch demo paymix --seed 7
`,
}
