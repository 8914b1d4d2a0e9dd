"""Clients of the DNS server that mean no good, and one that only asks; for harm_test.sh.

harm.py ask SECONDS NAME       asks NAME over UDP 200 times a second; prints "p50 p99 max" in ms and the number lost
harm.py trickle COUNT          COUNT TCP connections that say nothing, or a byte a second
harm.py unread COUNT           COUNT TCP connections that ask without end and read nothing
harm.py flood KIND             UDP without pause: local, outside, or garbage
All but `ask` go on until they are ended.
"""

import os
import random
import select
import socket
import sys
import time

SERVER = ("127.0.0.11", 53)


def query(name, number):
    labels = b"".join(bytes([len(label)]) + label.encode() for label in name.split("."))
    return number.to_bytes(2, "big") + b"\1\0\0\1\0\0\0\0\0\0" + labels + b"\0\0\1\0\1"


def framed(message):
    return len(message).to_bytes(2, "big") + message


def ask(seconds, name):
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sock.connect(SERVER)
    times, lost = [], 0
    start = time.monotonic()
    for number in range(int(float(seconds) * 200)):
        time.sleep(max(0.0, start + number / 200 - time.monotonic()))
        sent = time.monotonic()
        sock.send(query(name, number & 0xFFFF))
        while True:
            ready, _, _ = select.select([sock], [], [], max(0.0, sent + 1 - time.monotonic()))
            if not ready:
                lost += 1
                break
            reply = sock.recv(4096)
            if reply[:2] == (number & 0xFFFF).to_bytes(2, "big"):
                lost += (reply[3] & 15) != 0 or reply[6:8] == b"\0\0"
                times.append((time.monotonic() - sent) * 1000)
                break
    times.sort()
    at = lambda share: times[min(len(times) - 1, int(len(times) * share))]
    print("%.2f %.2f %.2f %d" % (at(0.5), at(0.99), times[-1], lost))


def connections(count):
    for _ in range(int(count)):
        sock = socket.socket()
        sock.setblocking(False)
        sock.connect_ex(SERVER)
        yield sock


def is_open(sock):
    try:
        return sock.recv(1) != b""
    except BlockingIOError:
        return True
    except OSError:
        return False


def trickle(count):
    socks = list(connections(count))
    message = framed(query("web", 7))
    for step in range(1000):
        socks = [sock for sock in socks if is_open(sock)]
        for sock in socks[::2]:
            try:
                sock.send(message[step % len(message) :][:1])
            except OSError:
                pass
        time.sleep(1)


def unread(count):
    socks = list(connections(count))
    burst = b"".join(framed(query("web", number)) for number in range(500))
    while socks:
        _, writable, _ = select.select([], socks, [], 0.2)
        for sock in writable:
            try:
                sock.send(burst)
            except BlockingIOError:
                pass
            except OSError:
                socks.remove(sock)


def flood(kind):
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sock.connect(SERVER)
    sock.setblocking(False)
    number = 0
    while True:
        number += 1
        message = {
            "local": lambda: query("web", number & 0xFFFF),
            "outside": lambda: query("x%d.example.org" % number, number & 0xFFFF),
            "garbage": lambda: os.urandom(random.randrange(600)),
        }[kind]()
        try:
            sock.send(message)
        except (BlockingIOError, ConnectionRefusedError):
            pass


if __name__ == "__main__":
    {"ask": ask, "trickle": trickle, "unread": unread, "flood": flood}[sys.argv[1]](*sys.argv[2:])
