#!/usr/bin/env python3
"""Sends a message through a running client and follows it until it lies in a mailbox; one to
itself, until it is there. Standard library only.

    messages.py PORT TOKEN_FILE [ADDRESS]

PORT and TOKEN_FILE are those of `chaffinch client`. Without ADDRESS the message goes to the client itself, so that
all of its way can be seen. The interface: docs/spec/client-http.md 15; GET /openapi.json describes each route.
"""

import http.client
import json
import sys


class Refused(Exception):
    """The client says no: a problem document (RFC 9457)."""


class Client:
    """A running client, with the token that lets us in."""

    def __init__(self, port, token):
        self.port = port
        self.headers = {"Authorization": f"Bearer {token}"}

    def open(self, method, path, body=None):
        """An answer whose body is still to be read."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        headers = dict(self.headers)
        if body is not None:
            headers["Content-Type"] = "application/json"
            body = json.dumps(body)
        connection.request(method, path, body, headers)
        answer = connection.getresponse()
        if answer.status >= 300:
            problem = json.load(answer)
            raise Refused(f"{problem['code']}: {problem['detail']}")
        return answer

    def ask(self, method, path, body=None):
        return json.load(self.open(method, path, body))

    def events(self):
        """Server-sent events as pairs of name and data. The first says where the client stands."""
        name, data = None, ""
        for line in self.open("GET", "/events"):
            field, _, value = line.decode().rstrip("\n").partition(": ")
            if field == "event":
                name = value
            elif field == "data":
                data += value
            elif line == b"\n" and data != "":  # an empty line ends an event; other lines are signs of life
                yield name, json.loads(data)
                name, data = None, ""


def follow(client, address):
    """Sends when the client is ready, and returns when the message is stored and, if it is to itself, here."""
    sent, seen, stored, came = None, -1, False, address is not None
    for event, data in client.events():
        if event == "bootstrap":
            print(f"{data['progress']} %: {data['summary']}")
            if data["warning"]:
                print(f"{data['warning']}: {data['recommendation']}")
            if data["progress"] == 100 and sent is None:
                to = address or client.ask("GET", "/status")["address"]
                message = {"to": to, "text": "hello from Python"}
                sent = client.ask("POST", "/messages", message)["id"]
        elif event == "message":
            page = client.ask("GET", f"/messages?after={seen}")
            for message in page["messages"]:
                print(f"received: {message.get('text', message['base64'])}")
            seen = page["next"]
            came = True
        elif event == "state" and data["id"] == sent:
            print(data["state"])
            if data["state"] == "failed":
                raise Refused(f"the message failed: {data['reason']}")
            stored = stored or data["state"] == "stored"
        if stored and came:
            return
    raise Refused("the client ended")


def main(arguments):
    if len(arguments) not in (2, 3) or not arguments[0].isdigit():
        print("usage: messages.py PORT TOKEN_FILE [ADDRESS]", file=sys.stderr)
        return 2
    port, token_file = arguments[:2]
    address = arguments[2] if len(arguments) == 3 else None
    try:
        with open(token_file, encoding="ascii") as file:
            client = Client(int(port), file.read().strip())
        follow(client, address)
        return 0
    except Refused as error:
        print(f"messages: {error}", file=sys.stderr)
    except OSError as error:
        print(f"messages: {error}: is the client running, and is this its port and token?", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
