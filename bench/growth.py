#!/usr/bin/env python3
"""What more names and more containers cost, and what names outside cost; run by run.sh after measure.py, in its scratch host.

Each pair takes turns, round by round; the table has medians and their ratio."""
import itertools
import pathlib
import re
import statistics
import subprocess
import time

from measure import DIRECTORY, NAMES, Api, Server, arguments, dig, dnsperf, inside, run

MANY_NAMES = 10_000
MANY_CONTAINERS = 1_000
ATTACHES = 30
FAST_SERVER = "198.51.100.60"
OUTSIDE = "203.0.113.60"
FORWARDER_PORT = "5399"


def flood(server, queries, seconds, *options):
    (DIRECTORY / "queries").write_text("".join(f"{name} A\n" for name in queries))
    return dnsperf(server, "-c", "8", "-q", "100", "-l", str(seconds), *options)["qps"]


def memory_kib(pid):
    return int(re.search(r"^Pss: +(\d+)", pathlib.Path(f"/proc/{pid}/smaps_rollup").read_text(), re.M)[1])


def attach_us(api, network):
    times = []
    for number in range(ATTACHES):
        start = time.perf_counter()
        api.attach(f"p{number}", network)
        times.append((time.perf_counter() - start) * 1e6)
        api.detach(f"p{number}")
    return statistics.median(times)


class Table:
    """Pairs of figures that are measured in turn."""

    def __init__(self, rounds):
        self.rounds, self.rows = rounds, []

    def pair(self, what, first, second, unit):
        """`first` and `second` are (title, function)."""
        figures = ([], [])
        for _, (index, (_, measure)) in itertools.product(range(self.rounds), enumerate((first, second))):
            figures[index].append(measure())
        one, two = map(statistics.median, figures)
        self.rows.append(f"| {what} | {first[0]}: {one:,.0f} | {second[0]}: {two:,.0f} | {unit} | {two / one:.2f} |")

    def print(self):
        print("| | | | | second to first |\n| --- | ---: | ---: | --- | ---: |")
        print("\n".join(self.rows))


def make_network(api, name, subnet, names):
    api.request("POST", "/networks/create", {"Name": name, "IPAM": {"Config": [{"Subnet": subnet}]}})
    zone = DIRECTORY / f"{name}.zone"
    zone.write_text("".join(f"r{number} 60 IN A 192.0.2.{number % 250 + 1}\n" for number in range(names)))
    run("ns-register", "record", "import", name, str(zone))


def sandbox_of(api, name):
    return api.request("GET", f"/containers/{name}/json")["NetworkSettings"]["SandboxKey"]


def start_outside(bin_dir):
    """A server outside that answers every name at once."""
    run("ip", "netns", "exec", "outside", "ip", "address", "add", f"{FAST_SERVER}/24", "dev", "up1")
    (DIRECTORY / "any").write_text(f"* {OUTSIDE}\n")
    subprocess.Popen(["ip", "netns", "exec", "outside", f"{bin_dir}/nsr_reflector", FAST_SERVER, "53", "1", f"{DIRECTORY}/any"])


def measure_outside(api, options, table, seconds):
    start_outside(options.bin_dir)
    api.request("POST", "/containers/create?name=asker", {"HostConfig": {"NetworkMode": "bench", "Dns": [FAST_SERVER]}})
    api.request("POST", "/containers/asker/start")
    ours = Server("ns-register", sandbox_of(api, "asker"), [options.daemon])
    forwarder = subprocess.Popen(inside(ours.namespace, f"{options.bin_dir}/nsr_forwarder", "127.0.0.1", FORWARDER_PORT, FAST_SERVER))
    bare = Server("minimal forwarder", ours.namespace, [forwarder.pid])
    if dig(ours, "o0.example") != OUTSIDE:
        raise SystemExit("the server outside is not asked")
    local = [f"h{number}" for number in range(NAMES)]
    outside = [f"o{number}.example" for number in range(NAMES)]
    table.pair("outside names that are kept", ("local", lambda: flood(ours, local, seconds)),
               ("kept", lambda: flood(ours, outside, seconds)), "queries/s")
    numbers = itertools.count()

    def fresh():
        first = next(numbers) * 300_000
        return [f"u{number}.example" for number in range(first, first + 300_000)]

    table.pair("outside names that nobody has asked for",
               ("minimal forwarder", lambda: flood(bare, fresh(), seconds, "-s", "127.0.0.1", "-p", FORWARDER_PORT, "-n", "1")),
               ("ns-register", lambda: flood(ours, fresh(), seconds, "-n", "1")), "queries/s")
    forwarder.terminate()
    api.detach("asker")


def measure_names(api, options, table, seconds):
    make_network(api, "few", "10.201.0.0/24", 10)
    make_network(api, "many", "10.202.0.0/24", MANY_NAMES)
    servers = []
    for name in ("few", "many"):
        api.attach(f"in-{name}", name)
        servers.append(Server(name, sandbox_of(api, f"in-{name}"), [options.daemon]))
    names = [f"r{number}" for number in range(10)]
    table.pair("names on the network", ("10", lambda: flood(servers[0], names, seconds)),
               (f"{MANY_NAMES:,}", lambda: flood(servers[1], names, seconds)), "queries/s")
    table.pair("attach to a network of so many names", ("10", lambda: attach_us(api, "few")),
               (f"{MANY_NAMES:,}", lambda: attach_us(api, "many")), "us")


def measure_containers(api, options, table, seconds):
    """Last: there is no way back to few containers that would measure the same daemon."""
    api.request("POST", "/networks/create", {"Name": "crowd", "IPAM": {"Config": [{"Subnet": "10.203.0.0/16"}]}})
    ours = Server("ns-register", sandbox_of(api, "in-few"), [options.daemon])
    names = [f"r{number}" for number in range(10)]
    before = [flood(ours, names, seconds) for _ in range(table.rounds)]
    memory = memory_kib(options.daemon)
    for number in range(MANY_CONTAINERS - 1):  # a bridge has 1 023 ports
        api.attach(f"crowd{number}", "crowd")
    grown = memory_kib(options.daemon) - memory
    after = [flood(ours, names, seconds) for _ in range(table.rounds)]
    one, two = statistics.median(before), statistics.median(after)
    table.rows.append(f"| containers served | {NAMES + 2}: {one:,.0f} | {MANY_CONTAINERS:,} more: {two:,.0f} | queries/s | {two / one:.2f} |")
    table.rows.append(f"| memory of the daemon for a container | | {grown / (MANY_CONTAINERS - 1):.1f} | KiB | |")


def main():
    options = arguments()
    DIRECTORY.mkdir(exist_ok=True)
    rounds, seconds = options.rounds, options.seconds
    Server.tools = options.bin_dir
    api, table = Api(), Table(rounds)
    print(f"\n## Growth and names outside\n\nMedians of {rounds} rounds of {seconds} s.\n")
    measure_outside(api, options, table, seconds)
    measure_names(api, options, table, seconds)
    measure_containers(api, options, table, seconds)
    table.print()


if __name__ == "__main__":
    main()
