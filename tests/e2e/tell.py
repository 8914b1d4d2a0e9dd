#!/usr/bin/env python3
"""tell.py NAME ADDRESS PORT: a TCP and UDP server that tells every client NAME and the client's address.
tell.py ask ADDRESS PORT tcp|udp [SOURCE-PORT]: asks it, prints what it says; status 1 if nothing comes within 2 s (TELL_PATIENCE).
tell.py hold ADDRESS PORT: listens and says nothing; status 1 and the reason if it cannot."""
import os
import socket
import socketserver
import sys
import threading


def family_of(address):
    return socket.AF_INET6 if ":" in address else socket.AF_INET


class Tcp(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True


class Udp(socketserver.UDPServer):
    pass


class Teller(socketserver.BaseRequestHandler):
    def handle(self):
        text = f"{self.server.who} {self.client_address[0]}\n".encode()
        if isinstance(self.request, tuple):
            self.request[1].sendto(text, self.client_address)
        else:
            self.request.sendall(text)


def serve(who, address, port):
    servers = []
    for kind in (Tcp, Udp):
        kind.address_family = family_of(address)
        server = kind((address, int(port)), Teller)
        server.who = who
        servers.append(server)
    threading.Thread(target=servers[0].serve_forever, daemon=True).start()
    servers[1].serve_forever()


def ask(address, port, protocol, source_port="0"):
    kind = socket.SOCK_STREAM if protocol == "tcp" else socket.SOCK_DGRAM
    with socket.socket(family_of(address), kind) as client:
        client.settimeout(float(os.environ.get("TELL_PATIENCE", "2")))
        client.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        client.bind(("", int(source_port)))
        client.connect((address, int(port)))
        if protocol == "udp":
            client.send(b"?")
        said = client.recv(200).decode().strip()
    print(said)
    return not said


def hold(address, port):
    listener = socket.socket(family_of(address), socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind((address, int(port)))
    listener.listen()
    print("held", flush=True)
    threading.Event().wait()


def main():
    try:
        word, arguments = sys.argv[1], sys.argv[2:]
        return {"ask": ask, "hold": hold}.get(word, lambda *rest: serve(word, *rest))(*arguments)
    except OSError as error:
        print(error.strerror or error)
        return 1


sys.exit(main())
