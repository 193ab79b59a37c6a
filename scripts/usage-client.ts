// Texts that `chaffinch COMMAND --help` prints for the commands of a client.

export const clientUsages: Readonly<Record<string, string>> = {
  send: `usage: chaffinch send --to ADDRESS [TEXT]
       chaffinch send --reply N [TEXT]

Hands a message to the running client of --config and prints its id. Without TEXT it reads standard input.

  --config FILE    the client's file (default: client.toml)
  --as NAME        the identity to use (default: the first)
  --to ADDRESS     what 'chaffinch address' printed at the other end, or a contact
  --file FILE      what to send
  --app NAME       the app that it is for, at both ends
  --reply N        answer message N of the inbox (its number or id); who wrote it stays unknown
  --no-replies     send no reply blocks along: the other end cannot answer
  --from           say who you are: the receiver can check it, and prove it to nobody else
  --wait STATE     return when it is sent, stored, received or read (default: return when it is accepted); the last two
                   come only if the receiver knows you and lets its client tell
  --timeout TIME   how long to wait for that (default: 60s)
  --json           print JSON

what its packets' paths must obey, for those who need it (without, they look like everybody's):
  --path PATH      PART,PART,PART[:EXIT], a part for each mix: ? (any), *N (N times any), or a mix by the first 8 or
                   more digits of its id; EXIT is one of the receiver's gateways
  --avoid ID       a mix that no path uses; may be given more than once
  --min-reliability PERCENT
                   only mixes through which so many of this client's packets came (0 to 100)
  --max-latency TIME
                   delays of a path together at most
  --copies N       each packet N times, over paths of their own (1 to 8)

examples:
  chaffinch send --config me/client.toml --to "$ADDRESS" 'hello'
  chaffinch send --to "$ADDRESS" --wait stored < picture.jpg
  chaffinch send --reply 3 'hello yourself'
`,
  inbox: `usage: chaffinch inbox [OPTIONS]
       chaffinch inbox requests|list|read N|watch [OPTIONS]

Shows what has arrived at the running client of --config; what it shows counts as read.

  inbox          what your contacts wrote, and replies, with their contents; --json: everything
  inbox requests what strangers wrote: it waits apart, and nothing is told them
  inbox list     a line for each message: a star in front of those that nobody has read, its number, and its size
  inbox read N   the contents of one, by its number or id
  inbox watch    what nobody has read, then each message as it comes

  --config FILE    the client's file (default: client.toml)
  --as NAME        the identity to use (default: the first)
  --app NAME       of this app (default: messages for none; list: all)
  --after N        only what came behind message N
  --wait TIME      of inbox: when it is empty, wait so long for a first message
  --timeout TIME   of watch: end after so long (default: never)
  --file FILE      of read: write the contents to a new file
  --json           print JSON, one message a line

examples:
  chaffinch inbox --config me/client.toml
  chaffinch inbox --wait 30s --json
  chaffinch inbox read 3 --file picture.jpg
`,
  reply: `usage: chaffinch reply N [TEXT] [OPTIONS]

Answers message N of the inbox (its number or id); who wrote it stays unknown. It is 'chaffinch send --reply N', with its
options (--file, --wait, --timeout, --as, --config, --json), behind N. Without TEXT it reads standard input.

example:
  chaffinch reply 3 'hello yourself' --wait received
`,
  bulletin: `usage: chaffinch bulletin [TOPIC] [OPTIONS]
       chaffinch bulletin [TOPIC] --publish TEXT

Shows the bulletin as the running client of --config has it, or publishes on it. Everybody can read what is published, and
nobody learns who wrote it. Topics: open (the default), payments, heads.

  --config FILE    the client's file (default: client.toml)
  --publish TEXT   publish; '-' reads standard input. Returns when the client's gateway shows it, and prints its id
  --after N        only what came behind entry N
  --wait TIME      when there is nothing, wait so long for a first entry
  --json           print JSON, one entry a line

examples:
  chaffinch bulletin --config me/client.toml --publish 'the sea is calm'
  chaffinch bulletin --wait 30s --json
`,
  address: `usage: chaffinch address [OPTIONS]

Prints the address of a running client: the one string that others need to write to it.

  --config FILE    the client's file (default: client.toml)
  --as NAME        of one of its identities
  --wait TIME      wait so long until the client has one
  --qr             show it as a QR code too
  --json           print {"address": ADDRESS}

example:
  ADDRESS=$(chaffinch address --config me/client.toml --wait 30s)
`,
  queue: `usage: chaffinch queue [OPTIONS]

Lists the messages and replies that the running client of --config was given and that are not over.

  --config FILE    the client's file (default: client.toml)
  --as NAME        the identity to use (default: the first)
  --all            those that are over too
  --json           print JSON, one message a line

example:
  chaffinch queue --all
`,
  inspect: `usage: chaffinch inspect ID|ADDRESS|SURB [OPTIONS]

Says what a message of the running client, an address or a string of reply blocks is.

  --config FILE    the client's file (default: client.toml)
  --as NAME        the identity to use (default: the first)
  --json           print JSON

example:
  chaffinch inspect "$ADDRESS"
`,
  flush: `usage: chaffinch flush [OPTIONS]

Waits until all that the running client was given is with the receivers' gateways. Nothing leaves sooner for it: when a packet
leaves is the clock's to say. Exits 1 when some of it is not there in time.

  --config FILE    the client's file (default: client.toml)
  --as NAME        the identity to use (default: the first)
  --until STATE    sent (has left once) or stored (default: stored)
  --timeout TIME   how long to wait (default: 60s)
  --json           print {"left": N}
`,
  clean: `usage: chaffinch clean [OPTIONS]

Has the running client forget messages that are over, and received ones that were read.

  --config FILE    the client's file (default: client.toml)
  --as NAME        the identity to use (default: the first)
  --older TIME     only those from before so long ago (default: 7d)
  --json           print {"sent": N, "received": N}
`,
  surb: `usage: chaffinch surb make --for ADDRESS [--count N]
       chaffinch surb inspect SURB
       chaffinch surb use SURB [TEXT]

Reply blocks (SURBs) by hand: one string with which somebody can write to you without learning who you are. What comes
lies in the inbox as a reply.

  --config FILE    the client's file (default: client.toml)
  --as NAME        the identity to use (default: the first)
  --for ADDRESS    whoever is to use them (an address or a contact): they enter at the gateways of that address
  --count N        how many, 1 to 64 (default: 10); one carries about 1,900 bytes
  --json           print JSON
`,
  services: `usage: chaffinch services [list] [NAME] [OPTIONS]

Lists the services that gateways announce, as NAME@GATEWAY and with the address of each. They come with the consensus, which everybody
has: looking shows nothing to anybody. A name is its gateway's choice of words, not a proof of who runs the service.

  --config FILE    the client's file (default: client.toml)
  --as NAME        the identity to use (default: the first)
  --json           print JSON, one service a line
`,
  request: `usage: chaffinch request --service NAME[@GATEWAY] [TEXT] [OPTIONS]

Asks a service and prints its answer. The service does not learn who asks. Without TEXT it reads standard input.

  --service NAME   a service of 'chaffinch services', with @ and the beginning of its gateway's id where several have the name
  --to ADDRESS     where it runs (an address or a contact), for one that nobody announces
  --config FILE    the client's file (default: client.toml)
  --as NAME        the identity to use (default: the first)
  --timeout TIME   for the answer (default: 60s)
  --json           print {"base64", "text"}

example:
  chaffinch request --service echo@4fa10b22 'hello?'
`,
  ping: `usage: chaffinch ping [--to ADDRESS] [OPTIONS]

Asks a ping service again and again: round trips, loss, and for each node that the questions passed how much of what went over
it was acknowledged, and how much longer than the delays drawn that took.

  --config FILE    the client's file (default: client.toml)
  --as NAME        the identity to use (default: the first)
  --to ADDRESS     where the service runs (an address or a contact; default: where a gateway announces it)
  --service NAME   (default: ping; NAME@GATEWAY where several announce it)
  --count N        how often (default: 5)
  --timeout TIME   for each answer (default: 20s)
  --json           print JSON
`,
  contacts: `usage: chaffinch contacts [list]
       chaffinch contacts add NAME ADDRESS [OPTIONS]
       chaffinch contacts set NAME [OPTIONS]
       chaffinch contacts words NAME
       chaffinch contacts remove NAME

The people whom you know. Their names stand for their addresses in --to; what they write lies in 'inbox', what others write
in 'inbox requests'; and what you write to each other is sealed to keys that are erased after their time. The running client
of --config keeps them, under its lock.

  words NAME       twelve words that both of you see when each has the other's address: read them to each other

  --received on|off  tell them that their messages have come, if they ask (default: on)
  --read on|off      tell them, some time later, that you have read them, if they ask (default: off)
  --config FILE      the client's file (default: client.toml)
  --as NAME          the identity to use (default: the first)
  --json             print JSON, one contact a line

example:
  chaffinch contacts add alice "$ADDRESS" --read on
`,
  identity: `usage: chaffinch identity list|create NAME|remove NAME [--json]
       chaffinch identity lock|export FILE|import FILE|key FILE [OPTIONS]

The identities of a running client, which nobody on the wire can link to each other but by their network address.

  identity list          all of them; the first one is 'main'
  identity create NAME   make one: other commands are it with --as NAME
  identity remove NAME   forget it, with its keys and messages

And the keys and messages of a client that does not run. Where a passphrase is needed and no file holds it, it asks.

  identity lock          seal all that the client keeps, under a passphrase or key; of a locked client: change it
  identity export FILE   write its keys and gateways to a file, under a passphrase or key of the file's own
  identity import FILE   make a new client, or with --as NAME a new identity of it, the one of the file
  identity key FILE      make a key that can take the place of a passphrase

  --config FILE               the client's file (default: client.toml)
  --passphrase-file FILE, --key-file FILE
                              what opens the client now (default: what client.toml names)
  --new-passphrase-file FILE, --new-key-file FILE
                              what is to open it, or the file
  --as NAME                   of export and import: one of its other identities
  --json                      of list, create and remove: print JSON

examples:
  chaffinch identity create work --config me/client.toml
  chaffinch send --as work --to "$ADDRESS" 'hello'
  chaffinch identity lock --config me/client.toml
  chaffinch identity export me.json --config me/client.toml
`,
  cover: `usage: chaffinch cover [OPTIONS]

Shows what each level of cover traffic costs a client in bytes a day and CPU of this machine, and what it hides. With a
running client the numbers are those of its network, else those of a network that votes for nothing else.

  --config FILE    the client's file (default: client.toml, if there is one)
  --json           print JSON

example:
  chaffinch cover --config me/client.toml
`,
}
