#!/usr/bin/env python3
"""Sends records of a vehicle or a sensor through a mix-net, and takes them at the other end. Nobody in between learns
which car a record is of. Standard library only.

    records.py send PORT TOKEN_FILE RECIPIENT FILE     a record a line; returns when all have been taken
    records.py take PORT TOKEN_FILE [COUNT]            prints what comes, a line each, until there are so many

PORT and TOKEN_FILE are those of `chaffinch cascade client`. A record's id is the hash of its line: whoever hands one
in twice, after a crash for instance, has sent it once. The interface: docs/spec/cascade.md 15.
"""

import base64
import hashlib
import http.client
import json
import sys
import time

PAUSE = 0.5


class Refused(Exception):
    """The client says no: a problem document (RFC 9457)."""

    def __init__(self, problem):
        super().__init__(f"{problem['code']}: {problem['detail']}")
        self.code = problem["code"]


def ask(port, token, method, path, body=None):
    """An answer of the client, as JSON."""
    headers = {"Authorization": f"Bearer {token}"}
    if body is not None:
        headers["Content-Type"] = "application/json"
        body = json.dumps(body)
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    connection.request(method, path, body, headers)
    answer = connection.getresponse()
    text = answer.read()
    connection.close()
    if answer.status >= 300:
        raise Refused(json.loads(text))
    return json.loads(text) if text else None


def send(port, token, recipient, file):
    """Hands every line in, and waits until the recipient has said that it is there."""
    with open(file, encoding="utf-8") as lines:
        records = [line.rstrip("\n") for line in lines if line.strip()]
    names = []
    for record in records:
        name = hashlib.sha256(record.encode()).hexdigest()
        message = {"recipient": recipient, "message": record, "id": name}
        while True:
            try:
                ask(port, token, "POST", "/send", message)
                break
            except Refused as refused:
                if refused.code not in ("UNKNOWN", "FULL"):
                    raise
                time.sleep(PAUSE)  # the recipient has not come yet, or too much waits: again
        names.append(name)
    last = None
    while True:
        states = [ask(port, token, "GET", f"/messages/{name}")["state"] for name in names]
        told = ", ".join(f"{states.count(state)} {state}" for state in sorted(set(states)))
        if told != last:
            print(told, flush=True)
            last = told
        if all(state == "delivered" for state in states):
            return
        time.sleep(PAUSE)


def take(port, token, count):
    """Prints records, and deletes each from the mailbox once it is printed."""
    taken = 0
    while count is None or taken < count:
        came = ask(port, token, "GET", "/received")
        for message in came:
            print(base64.b64decode(message["base64"]).decode(), flush=True)
            ask(port, token, "DELETE", f"/received/{message['number']}")
            taken += 1
        if not came:
            time.sleep(PAUSE)


def main(arguments):
    if len(arguments) < 3 or arguments[0] not in ("send", "take"):
        print(__doc__, file=sys.stderr)
        return 2
    what, port, token_file, *rest = arguments
    with open(token_file, encoding="utf-8") as file:
        token = file.read().strip()
    try:
        if what == "send" and len(rest) == 2:
            send(int(port), token, *rest)
        elif what == "take" and len(rest) < 2:
            take(int(port), token, int(rest[0]) if rest else None)
        else:
            print(__doc__, file=sys.stderr)
            return 2
    except Refused as refused:
        print(refused, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
