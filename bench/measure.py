#!/usr/bin/env python3
"""Measures the resolver and the attach path beside their limits and peers; run by run.sh inside a scratch host.

Every server has the same 100 names. Ours answers in a container, and so does Docker's where dockerd is installed; the others stand
in a plain namespace, each behind the same stateless rewrite of port 53. All take turns in every round; the report gives medians and
their ratio to the reflector."""
import argparse
import contextlib
import json
import os
import pathlib
import re
import socket
import statistics
import subprocess
import sys
import time

NAMES = 100
ATTACHES = 50
DIRECTORY = pathlib.Path("/run/bench")
SOCKET = "/run/ns-register/ns-register.sock"
SERVER = "127.0.0.11"
REWRITE = """table ip bench {{
  chain out {{
    type filter hook output priority raw; policy accept;
    ip daddr 127.0.0.11 udp dport 53 notrack udp dport set {port}
    ip saddr 127.0.0.11 udp sport {port} notrack udp sport set 53
  }}
}}
"""


def run(*command, **options):
    return subprocess.run(command, check=True, capture_output=True, text=True, **options).stdout


def inside(namespace, *command):
    return ("nsenter", f"--net={namespace}", *command)


# ------------------------------------------------------------ the daemon's API, without the cost of a client

class Api:
    """Requests over one kept connection."""

    def __init__(self, path=SOCKET):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.connect(path)

    def request(self, method, path, body=None):
        self.send(method, path, body)
        return self.answer(method, path)

    def send(self, method, path, body=None):
        content = b"" if body is None else json.dumps(body).encode()
        head = f"{method} {path} HTTP/1.1\r\nHost: d\r\nContent-Type: application/json\r\nContent-Length: {len(content)}\r\n\r\n"
        self.socket.sendall(head.encode() + content)

    def answer(self, method, path):
        data = b""
        while b"\r\n\r\n" not in data:
            data += self.receive()
        head, _, rest = data.partition(b"\r\n\r\n")
        status = int(head.split()[1])
        length = re.search(rb"(?i)content-length: *(\d+)", head)
        while length and len(rest) < int(length[1]):
            rest += self.receive()
        if status >= 400:
            raise SystemExit(f"{method} {path}: {status} {rest.decode()}")
        return json.loads(rest) if rest.strip() else None

    def receive(self):
        data = self.socket.recv(65536)
        if not data:
            raise SystemExit("the daemon closed the connection")
        return data

    @staticmethod
    def refusal(action):
        """What the daemon says to an action that it refuses."""
        try:
            action()
        except SystemExit as refused:
            return str(refused)
        raise SystemExit("should have been refused")

    def attach(self, name, network):
        self.request("POST", f"/containers/create?name={name}", {"HostConfig": {"NetworkMode": network}})
        self.request("POST", f"/containers/{name}/start")

    def detach(self, name):
        self.request("DELETE", f"/containers/{name}?force=1")


# ------------------------------------------------------------ servers

class Server:
    """A DNS server under test: where to ask it, and the processes whose CPU time counts."""

    tools = ""

    def __init__(self, title, namespace, pids, port=None, names="names"):
        self.title, self.namespace, self.pids, self.port = title, namespace, pids, port
        self.names = DIRECTORY / names  # lines "NAME ADDRESS"

    def prepare(self):
        """Leads port 53 of the peers' namespace to this server; ours has its own."""
        if self.port:
            subprocess.run(inside(self.namespace, "nft", "delete", "table", "ip", "bench"), capture_output=True)
            run(*inside(self.namespace, "nft", "-f", "-"), input=REWRITE.format(port=self.port))

    def cpu_ns(self):
        total = 0
        for pid in self.pids:
            for task in pathlib.Path(f"/proc/{pid}/task").iterdir():
                total += int((task / "schedstat").read_text().split()[0])
        return total


def with_children(pid):
    found = [pid]
    for task in pathlib.Path("/proc").glob("[0-9]*/stat"):
        try:
            if int(task.read_text().rsplit(")", 1)[1].split()[1]) == pid:
                found += with_children(int(task.parent.name))
        except (OSError, ValueError):
            pass
    return found


def start_server(title, port, *command):
    namespace = "/run/netns/peers"
    process = subprocess.Popen(inside(namespace, *command), stdout=subprocess.DEVNULL, stderr=open(DIRECTORY / f"{port}.log", "w"))
    server = Server(title, namespace, [process.pid], port)
    server.prepare()
    deadline = time.monotonic() + 10
    while not dig(server, "h0"):
        if time.monotonic() > deadline or process.poll() is not None:
            sys.exit(f"{title} does not answer: {(DIRECTORY / f'{port}.log').read_text()[-500:]}")
    server.pids = with_children(process.pid)
    return server


def dig(server, name):
    return subprocess.run(inside(server.namespace, "dig", "+short", "+tries=1", "+time=1", f"@{SERVER}", name),
                          capture_output=True, text=True).stdout.strip().removeprefix(";;")


def start_peers(options, names):
    run("ip", "netns", "add", "peers")
    run("ip", "-n", "peers", "link", "set", "lo", "up")
    (DIRECTORY / "names").write_text("".join(f"{name} {address}\n" for name, address in names.items()))
    (DIRECTORY / "zone").write_text(". 5 IN SOA a. b. 1 1 1 1 5\n. 5 IN NS a.\n" +
                                    "".join(f"{name}. 5 IN A {address}\n" for name, address in names.items()))
    (DIRECTORY / "nsd.conf").write_text(
        f'server:\n ip-address: {SERVER}@5302\n server-count: 1\n username: ""\n chroot: ""\n zonesdir: "{DIRECTORY}"\n'
        f' database: ""\n pidfile: ""\n xfrdfile: "{DIRECTORY}/xfrd"\n zonelistfile: "{DIRECTORY}/zonelist"\n'
        ' rrl-ratelimit: 0\nremote-control:\n control-enable: no\nzone:\n name: "."\n zonefile: "zone"\n')
    (DIRECTORY / "knot.conf").write_text(
        f"server:\n rundir: {DIRECTORY}\n listen: {SERVER}@5304\n udp-workers: 1\n tcp-workers: 1\n background-workers: 1\n"
        f"database:\n storage: {DIRECTORY}/knot\nlog:\n - target: stderr\n   any: error\n"
        f"zone:\n - domain: .\n   file: {DIRECTORY}/zone\n")
    reflector = f"{options.bin_dir}/nsr_reflector"
    cpus = str(os.cpu_count())
    return [
        start_server("reflector, one thread", 5300, reflector, SERVER, "5300", "1", f"{DIRECTORY}/names"),
        start_server("reflector, a thread per CPU", 5303, reflector, SERVER, "5303", cpus, f"{DIRECTORY}/names"),
        start_server("NSD", 5302, "nsd", "-d", "-c", f"{DIRECTORY}/nsd.conf"),
        start_server("Knot", 5304, "knotd", "-c", f"{DIRECTORY}/knot.conf"),
        start_server("dnsmasq", 5301, "dnsmasq", "--conf-file=/dev/null", "--keep-in-foreground", "--pid-file=", "--user=root",
                     "--no-resolv", "--no-hosts", "--bind-interfaces", f"--listen-address={SERVER}", "--port=5301",
                     *(f"--host-record={name},{address}" for name, address in names.items())),
    ]


@contextlib.contextmanager
def docker_server(names):
    """Docker's embedded DNS in a container that has all the names, or None where there is no Docker."""
    import docker  # which takes what it needs from here
    if not docker.is_installed():
        print("Docker is not installed", file=sys.stderr)
        yield None
        return
    with docker.Dockerd() as dockerd:
        if dockerd is None:
            print("dockerd does not start here", file=sys.stderr)
            yield None
            return
        process, address = docker.hold_names(names)
        (DIRECTORY / "docker-names").write_text("".join(f"{name} {address}\n" for name in names))
        yield Server("Docker's embedded DNS", f"/proc/{process}/ns/net", with_children(dockerd.process.pid), names="docker-names")


# ------------------------------------------------------------ measures of the resolver

class Loss(Exception):
    pass


def dnsperf(server, *arguments):
    server.prepare()
    before = server.cpu_ns()
    text = run(*inside(server.namespace, "dnsperf", "-s", SERVER, "-d", f"{DIRECTORY}/queries", *arguments))
    cpu = server.cpu_ns() - before

    def number(label):
        return float(re.search(rf"{label}: +([0-9.]+)", text)[1])

    sent, completed = number("Queries sent"), number("Queries completed")
    if "NOERROR" not in text or completed < 0.999 * sent or re.search(r"Response codes: +NOERROR \d+ \(100\.00%\)", text) is None:
        raise Loss(f"{server.title}: {completed:.0f} of {sent:.0f} answered\n{text}")
    return {"qps": number("Queries per second"), "cpu_us": cpu / completed / 1000, "text": text}


def percentile(values, share):
    return sorted(values)[min(len(values) - 1, int(share * len(values)))]


def flood(server, seconds):
    found = dnsperf(server, "-c", "8", "-q", "150", "-l", str(seconds))
    return {"flood qps": found["qps"], "flood cpu us": found["cpu_us"]}


def probe(server, seconds, sockets, rate):
    server.prepare()
    program = f"{server.tools}/nsr_probe"
    text = run(*inside(server.namespace, program, SERVER, str(server.names), str(seconds), sockets, str(rate)))
    qps, p50, p99, lost = map(float, text.split())
    if lost > 0.001 * qps * seconds:
        raise Loss(f"{server.title}: {lost:.0f} wrong or missing replies")
    return qps, p50, p99


def one_in_flight(server, seconds):
    return {"single p50": probe(server, seconds, "kept", 0)[1]}


def fresh_socket(server, seconds):
    return {"fresh p50": probe(server, seconds, "fresh", 0)[1]}


def steady(server, seconds):
    _, p50, p99 = probe(server, seconds, "kept", 1000)
    return {"p50 us": p50, "p99 us": p99}


def measure_resolvers(servers, rounds, seconds):
    figures = {server.title: {} for server in servers}
    for number in range(rounds):
        for server in servers:
            for measure in (flood, one_in_flight, fresh_socket, steady):
                for key, value in measure(server, seconds).items():
                    figures[server.title].setdefault(key, []).append(value)
        print(f"round {number + 1} of {rounds} done", file=sys.stderr)
    return {title: {key: statistics.median(values) for key, values in found.items()} for title, found in figures.items()}


RESOLVER_COLUMNS = [("flood qps", "queries/s, 8 clients, 150 in flight", "{:,.0f}"), ("flood cpu us", "server CPU us/query", "{:.2f}"),
                    ("single p50", "p50 us, one in flight", "{:.1f}"), ("fresh p50", "p50 us, a socket per query", "{:.1f}"),
                    ("p50 us", "p50 us at 1 000/s", "{:.1f}"), ("p99 us", "p99 us at 1 000/s", "{:.1f}")]


def print_resolvers(figures):
    print("| server | " + " | ".join(title for _, title, _ in RESOLVER_COLUMNS) + " |")
    print("| --- |" + " ---: |" * len(RESOLVER_COLUMNS))
    for server, found in figures.items():
        print(f"| {server} | " + " | ".join(form.format(found[key]) if key in found else "-" for key, _, form in RESOLVER_COLUMNS) + " |")
    ours = figures["ns-register"]
    print("\nns-register beside the others (more is better for queries, less for CPU and latency):\n")
    print("| | " + " | ".join(title for _, title, _ in RESOLVER_COLUMNS) + " |")
    print("| --- |" + " ---: |" * len(RESOLVER_COLUMNS))
    for server, found in figures.items():
        if server != "ns-register":
            print(f"| to {server} | " + " | ".join(f"{ours[key] / found[key]:.2f}" if found.get(key) and key in ours else "-"
                                                   for key, _, _ in RESOLVER_COLUMNS) + " |")


# ------------------------------------------------------------ attach and detach

def measure_attach(api, bin_dir):
    api.request("POST", "/networks/create", {"Name": "latency"})
    ours, detach, cli = [], [], []
    for number in range(ATTACHES):
        start = time.perf_counter()
        api.attach(f"a{number}", "latency")
        ours.append((time.perf_counter() - start) * 1e6)
        start = time.perf_counter()
        api.detach(f"a{number}")
        detach.append((time.perf_counter() - start) * 1e6)
    for number in range(ATTACHES // 5):
        start = time.perf_counter()
        run(f"{bin_dir}/ns-register", "attach", "--name", f"c{number}", "--network", "latency")
        cli.append((time.perf_counter() - start) * 1e6)
        api.detach(f"c{number}")
    run("ip", "link", "add", "barebr", "up", "type", "bridge")
    bare = [tuple(map(float, line.split())) for line in run(f"{bin_dir}/nsr_bare_attach", "barebr", str(ATTACHES)).splitlines()]
    print("| | median us | p90 us | ratio to bare netlink |\n| --- | ---: | ---: | ---: |")
    bare_attach, bare_detach = [row[0] for row in bare], [row[1] for row in bare]
    for title, values, limit in (("bare netlink program: attach", bare_attach, None), ("ns-register: attach (create + start)", ours, bare_attach),
                                 ("ns-register: attach by the command line", cli, bare_attach),
                                 ("bare netlink program: detach", bare_detach, None), ("ns-register: detach (stop + remove)", detach, bare_detach)):
        ratio = f"{statistics.median(values) / statistics.median(limit):.2f}" if limit else "1"
        print(f"| {title} | {statistics.median(values):,.0f} | {percentile(values, 0.9):,.0f} | {ratio} |")


# ------------------------------------------------------------ the report

def print_machine():
    cpu = re.search(r"model name\s*: (.*)", pathlib.Path("/proc/cpuinfo").read_text())
    commit = subprocess.run(["git", "-c", "safe.directory=*", "describe", "--always", "--dirty"], capture_output=True, text=True)
    print(f"{time.strftime('%Y-%m-%d')}, commit {commit.stdout.strip() or 'unknown'}, {cpu[1] if cpu else 'unknown CPU'}, "
          f"{os.cpu_count()} CPUs, kernel {os.uname().release}, {run('g++', '--version').splitlines()[0]}, release preset")


def arguments():
    """Those of every script here; options.rounds of options.seconds each."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--bin-dir", required=True)
    parser.add_argument("--daemon", type=int, required=True)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--quick", action="store_true", help="one short round")
    options = parser.parse_args()
    options.seconds = 1 if options.quick else 3
    options.rounds = 1 if options.quick else options.rounds
    return options


def check(server):
    server.prepare()
    known = dict(line.split() for line in server.names.read_text().splitlines())
    wrong = [name for name, address in known.items() if dig(server, name) != address]
    if wrong:
        sys.exit(f"{server.title} gives wrong answers for {wrong}")


def main():
    options = arguments()
    rounds, seconds = options.rounds, options.seconds
    DIRECTORY.mkdir(exist_ok=True)
    Server.tools = options.bin_dir

    api = Api()
    api.request("POST", "/networks/create", {"Name": "bench", "IPAM": {"Config": [{"Subnet": "10.200.0.0/16"}]}})
    for number in range(NAMES):
        api.attach(f"h{number}", "bench")
    names = {f"h{number}": api.request("GET", f"/containers/h{number}/json")["NetworkSettings"]["Networks"]["bench"]["IPAddress"]
             for number in range(NAMES)}
    (DIRECTORY / "queries").write_text("".join(f"{name} A\n" for name in names))
    sandbox = api.request("GET", "/containers/h0/json")["NetworkSettings"]["SandboxKey"]
    servers = [Server("ns-register", sandbox, [options.daemon]), *start_peers(options, names)]
    print_machine()
    print(f"\n## Local names\n\n{NAMES} names, type A, medians of {rounds} rounds of {seconds} s.\n")
    with docker_server(names) as docker:
        servers += [docker] if docker else []
        for server in servers:
            check(server)
        try:
            print_resolvers(measure_resolvers(servers, rounds, seconds))
        except Loss as loss:
            sys.exit(str(loss))
    print(f"\n## Attach and detach\n\n{ATTACHES} times each, over the API's socket unless said, with {NAMES} containers there already.\n")
    measure_attach(api, options.bin_dir)


if __name__ == "__main__":
    main()
