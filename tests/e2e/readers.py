#!/usr/bin/env python3
"""readers.py SOCKET NETWORK CONTAINER: 1 000 readers of a container's hosts file while 1 000 updates change it.

A reader may see the old text, the new one (maybe with empty lines behind), or a mixture of the two, which is counted:
Linux gives no more: also what it cuts off may be seen cleared, as zeros behind the last line. Never an empty file, a
cut one, or an old tail."""
import http.client
import json
import os
import socket
import sys

READERS = 1000
UPDATES = 1000


class Client(http.client.HTTPConnection):
    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.connect(sys.argv[1])

    def ask(self, method, path, body=None):
        self.request(method, path, json.dumps(body) if body else None, {"Host": "d"})
        reply = self.getresponse()
        text = reply.read()
        assert reply.status < 300, f"{method} {path}: {reply.status} {text!r}"
        return json.loads(text) if text else None


def update(network, container):
    client = Client("d")
    for number in range(UPDATES):
        client.ask("POST", f"/networks/{network}/{'disconnect' if number % 2 else 'connect'}", {"Container": container})


def is_mixture(text, longer, shorter):
    padded = shorter.ljust(len(longer), b"\n")
    return len(shorter) <= len(text) <= len(longer) and all(
        byte in (longer[at], padded[at]) or (byte == 0 and at >= len(shorter)) for at, byte in enumerate(text))


def main():
    network, container = sys.argv[2:4]
    client = Client("d")
    path = client.ask("GET", f"/containers/{container}/json")["HostsPath"]
    shorter = open(path, "rb").read()
    client.ask("POST", f"/networks/{network}/connect", {"Container": container})
    longer = open(path, "rb").read()
    client.ask("POST", f"/networks/{network}/disconnect", {"Container": container})
    assert len(shorter) < len(longer) and open(path, "rb").read() == shorter

    whole = {longer} | {shorter + b"\n" * more for more in range(len(longer) - len(shorter) + 1)}
    readers = [os.open(path, os.O_RDONLY) for _ in range(READERS)]
    updater = os.fork()
    if updater == 0:
        update(network, container)
        os._exit(0)
    reads = mixed = 0
    seen = set()
    while (ended := os.waitpid(updater, os.WNOHANG)) == (0, 0):
        for reader in readers:
            text = os.pread(reader, 1 << 16, 0)
            reads += 1
            seen.add(text)
            if text in whole:
                continue
            assert is_mixture(text, longer, shorter), f"read {reads} has neither the old nor the new: {text!r}"
            mixed += 1
    assert ended[1] == 0, "the updates failed"
    assert longer in seen and shorter in seen, "the readers have seen no change"
    assert reads >= READERS, reads
    print(f"{READERS} readers, {UPDATES} updates: {reads} reads, {mixed} of them mixed")


if __name__ == "__main__":
    main()
