"""In a container: how long after the end of a command of `run` its name still leads to it, and is still taken. Prints both;
asserts only that the name goes."""
import http.client
import json
import os
import signal
import socket
import statistics
import struct
import subprocess
import sys
import time

ROUNDS = 20


class Daemon(http.client.HTTPConnection):
    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.connect(sys.argv[1])

    def get(self, path):
        self.request("GET", path)
        reply = self.getresponse()
        return reply.status, json.loads(reply.read())


def has_address(server, name):
    question = struct.pack(">6H", 1, 0x100, 1, 0, 0, 0) + bytes([len(name)]) + name.encode() + b"\0\0\1\0\1"
    server.send(question)
    answers = struct.unpack(">6H", server.recv(512)[:12])[3]
    return answers > 0


def main():
    signal.alarm(60)  # the end of a hanging test
    server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    server.connect(("127.0.0.11", 53))
    daemon = Daemon("localhost")
    answered, taken = [], []
    for number in range(ROUNDS):
        name = f"victim{number}"
        subprocess.run(["ns-register", "run", "-d", "--name", name, "--network", "net1", "--", "sleep", "1000"],
                       check=True, stdout=subprocess.DEVNULL)
        pid = daemon.get(f"/containers/{name}/json")[1]["State"]["Pid"]
        assert has_address(server, name)
        begin = time.monotonic()
        os.kill(pid, signal.SIGKILL)
        while has_address(server, name):
            pass
        answered.append(time.monotonic() - begin)
        while daemon.get(f"/containers/{name}/json")[0] == 200:
            pass
        taken.append(time.monotonic() - begin)
    for what, times in (("answered", answered), ("taken", taken)):
        print(f"a name is {what} after the end of its command for "
              f"{statistics.median(times) * 1000:.1f} ms (median), {max(times) * 1000:.1f} ms (most)")


main()
