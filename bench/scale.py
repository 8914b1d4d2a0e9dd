#!/usr/bin/env python3
"""Attach and detach one by one and many at once beside other ways of doing it, what growth costs, and published ports; run by
run.sh after growth.py, in its scratch host."""
import json
import os
import pathlib
import shutil
import statistics
import subprocess
import time

import docker
from growth import memory_kib
from measure import DIRECTORY, Api, arguments, run

AT_ONCE = 64
SINGLE = 20
BRIDGE_PORTS = 1_023                    # of a Linux bridge
ENDPOINTS, NETWORKS, SAMPLE = 1_000, 100, 50
CNI_DIRECTORIES = ("/usr/lib/cni", "/opt/cni/bin")
CNI = {"cniVersion": "1.0.0", "name": "bench", "plugins": [
    {"type": "bridge", "bridge": "cnibr", "isGateway": True, "ipMasq": True,
     "ipam": {"type": "host-local", "dataDir": "/run/bench/cni", "ranges": [[{"subnet": "10.222.0.0/16"}]]}},
    {"type": "portmap", "capabilities": {"portMappings": True}, "snat": True}]}
BY_HAND = """set -e
ip netns add {name}
ip link add {name} master handbr up type veth peer name eth0 netns {name}
ip -n {name} link set lo up
ip -n {name} address add {address}/16 dev eth0
ip -n {name} link set eth0 up
ip -n {name} route add default via 10.221.0.1
ip netns exec {name} nft 'table ip dns {{ chain out {{ type filter hook output priority raw; ip daddr 127.0.0.11 udp dport 53 notrack udp dport set 13053; }}; }}'
"""


def timed(action):
    start = time.perf_counter()
    action()
    return (time.perf_counter() - start) * 1e6


# ------------------------------------------------------------ ways to attach: each attaches and detaches by number

class Ours:
    title = "ns-register"

    def __init__(self, api):
        self.api, self.many = api, [Api() for _ in range(AT_ONCE)]
        api.request("POST", "/networks/create", {"Name": "at-once", "IPAM": {"Config": [{"Subnet": "10.220.0.0/16"}]}})

    def attach(self, number):
        self.api.attach(f"w{number}", "at-once")

    def detach(self, number):
        self.api.detach(f"w{number}")

    def all(self, method, path, body=None):
        """One request on every connection before the first answer is read."""
        for number, api in enumerate(self.many):
            api.send(method, path.format(name=f"w{number}"), body)
        for api in self.many:
            api.answer(method, path)

    def attach_all(self):
        self.all("POST", "/containers/create?name={name}", {"HostConfig": {"NetworkMode": "at-once"}})
        self.all("POST", "/containers/{name}/start")

    def detach_all(self):
        self.all("DELETE", "/containers/{name}?force=1")


class Commands:
    """What is done by executing programs."""

    def attach(self, number):
        run(*self.attaching(number))

    def detach(self, number):
        run(*self.detaching(number))

    def attach_all(self):
        self.all(self.attaching)

    def detach_all(self):
        self.all(self.detaching)

    @staticmethod
    def all(command):
        running = [subprocess.Popen(command(number), stdout=subprocess.DEVNULL) for number in range(AT_ONCE)]
        if any([process.wait() for process in running]):
            raise SystemExit("a command failed")


class ByHand(Commands):
    title = "`ip` and `nft` commands"

    def __init__(self):
        run("ip", "link", "add", "handbr", "up", "type", "bridge")

    @staticmethod
    def attaching(number):
        return "sh", "-c", BY_HAND.format(name=f"hand{number}", address=f"10.221.1.{number + 1}")

    @staticmethod
    def detaching(number):
        return "sh", "-c", f"ip link delete hand{number}; ip netns delete hand{number}"


class Cni(Commands):
    title = "CNI bridge + host-local + portmap"

    def __init__(self, directory):
        self.directory = directory
        self.script = str(pathlib.Path(__file__).with_name("cni.py"))

    def calling(self, verb, number):
        return "python3", "-S", self.script, self.directory, verb, f"cni{number}", json.dumps(CNI)

    def attaching(self, number):
        return self.calling("ADD", number)

    def detaching(self, number):
        return self.calling("DEL", number)


def bare(bin_dir, *arguments, bridge="barebr"):
    lines = run(f"{bin_dir}/nsr_bare_attach", bridge, *arguments).splitlines()
    return zip(*[tuple(map(float, line.split())) for line in lines])


def measure_way(way, count):
    """Medians of single ones, and all at once for each of them: attach, detach, attach, detach."""
    ups, downs = [], []
    for number in range(count):
        ups.append(timed(lambda: way.attach(number)))
        downs.append(timed(lambda: way.detach(number)))
    up = timed(way.attach_all) / AT_ONCE
    return statistics.median(ups), statistics.median(downs), up, timed(way.detach_all) / AT_ONCE


def measure_ways(api, options):
    run("ip", "link", "add", "barebr", "up", "type", "bridge") if not os.path.exists("/sys/class/net/barebr") else None
    singles = [statistics.median(column) for column in bare(options.bin_dir, str(SINGLE))]
    limits = singles + [column[0] for column in bare(options.bin_dir, str(AT_ONCE), "at-once")]
    rows = [("bare netlink program", limits), (Ours.title, measure_way(Ours(api), SINGLE)), (ByHand.title, measure_way(ByHand(), SINGLE // 2))]
    cni = next((found for found in CNI_DIRECTORIES if os.path.exists(f"{found}/portmap")), None)
    rows.append((Cni.title, measure_way(Cni(cni), SINGLE // 2) if cni and shutil.which("iptables") else None))
    rows += connect_rows()
    print(f"| us for each, and its ratio to bare netlink | attach | detach | {AT_ONCE} attaches at once | {AT_ONCE} detaches at once |")
    print("| --- | ---: | ---: | ---: | ---: |")
    for title, figures in rows:
        cells = [f"{figure:,.0f} ({figure / limit:.2f})" for figure, limit in zip(figures, limits)] if figures else ["not installed"] * 4
        print(f"| {title} | {' | '.join(cells)} |")


def connect_rows():
    """Of containers that run already: for Docker, whose attach at the start has a process to start as well."""
    way = docker.ours(AT_ONCE)
    rows = [(way.title, measure_way(way, SINGLE))]
    way.remove()
    if not docker.is_installed():
        return rows + [("Docker: `network connect`", None)]
    with docker.Dockerd() as dockerd:
        if dockerd is None:
            return rows + [("Docker: `network connect` (dockerd does not start here)", None)]
        way = docker.theirs(AT_ONCE)
        rows.append((way.title, measure_way(way, SINGLE)))
        way.remove()
    return rows


# ------------------------------------------------------------ growth

def print_growth(what, times, memory, unit):
    first, last = statistics.median(times[:SAMPLE]), statistics.median(times[-SAMPLE:])
    print(f"| {what} | {first:,.0f} | {last:,.0f} | {last / first:.2f} | {memory / len(times):.1f} KiB for each {unit} |")


def measure_endpoints(api, options):
    made = api.request("POST", "/networks/create", {"Name": "full", "IPAM": {"Config": [{"Subnet": "10.223.0.0/16"}]}})
    bridge = f"br-{made['Id'][:12]}"
    limits = list(next(bare(options.bin_dir, str(SINGLE), bridge=bridge)))
    memory = memory_kib(options.daemon)
    times = [timed(lambda: api.attach(f"f{number}", "full")) for number in range(ENDPOINTS)]
    print_growth(f"{ENDPOINTS:,} endpoints on one network: attach", times, memory_kib(options.daemon) - memory, "endpoint")
    limits += next(bare(options.bin_dir, str(SINGLE), bridge=bridge))
    first, last = statistics.median(limits[:SINGLE]), statistics.median(limits[SINGLE:])
    print(f"| bare netlink on the same bridge: attach | {first:,.0f} | {last:,.0f} | {last / first:.2f} | |")
    for number in range(ENDPOINTS, BRIDGE_PORTS):
        api.attach(f"f{number}", "full")
    refusal = api.refusal(lambda: api.attach("one-too-many", "full"))
    downs = [timed(lambda: api.detach(f"f{number}")) for number in range(BRIDGE_PORTS)]
    print_growth("the same: detach", downs, 0, "endpoint")
    return refusal


def measure_networks(api, options):
    memory, creates, attaches = memory_kib(options.daemon), [], []
    for number in range(NETWORKS):
        creates.append(timed(lambda: api.request("POST", "/networks/create", {"Name": f"many{number}", "IPAM": {"Config": [
            {"Subnet": f"10.224.{number}.0/24"}]}})))  # more than the default pools have
        attaches.append(timed(lambda: api.attach(f"n{number}", f"many{number}")))
    print_growth(f"{NETWORKS} networks: create", creates, memory_kib(options.daemon) - memory, "network and endpoint")
    print_growth("an endpoint on each: attach", attaches, 0, "endpoint")


# ------------------------------------------------------------ published ports

def publish(api, name, first, count, shift=0):
    ports = range(first, first + count)
    body = {"ExposedPorts": {f"{port}/tcp": {} for port in ports},
            "HostConfig": {"NetworkMode": "at-once", "PortBindings": {f"{port}/tcp": [{"HostPort": str(port + shift)}] for port in ports}}}
    api.request("POST", f"/containers/create?name={name}", body)
    api.request("POST", f"/containers/{name}/start")


def measure_publishing(api):
    print("| published ports | attach us | detach us |\n| --- | ---: | ---: |")

    def row(what, first, count, times, shift=0):
        ups, downs = [], []
        for _ in range(times):
            ups.append(timed(lambda: publish(api, "publisher", first, count, shift)))
            downs.append(timed(lambda: api.detach("publisher")))
        print(f"| {what} | {statistics.median(ups):,.0f} | {statistics.median(downs):,.0f} |")

    row("one, nobody else has any", 9_000, 1, SINGLE)
    for number in range(300):
        publish(api, f"other{number}", 20_000 + number, 1)
    row("one, 300 containers have one", 9_000, 1, SINGLE)
    for count in (256, 10_000):
        row(f"{count:,} in a row, the same numbers", 30_000, count, 3)
        row(f"{count:,} in a row, other numbers", 30_000, count, 3, shift=10_000)
    publish(api, "publisher", 30_000, 10_000)
    seconds = timed(lambda: run("ns-register", "inspect", "publisher")) / 1e6
    print(f"\n`inspect` of a container with 10,000 published ports, by the command line: {seconds:.2f} s")


def main():
    options = arguments()
    DIRECTORY.mkdir(exist_ok=True)
    api = Api()
    print(f"\n## Attach and detach, one by one and {AT_ONCE} at once\n")
    measure_ways(api, options)
    print(f"\n## Growth\n\nMedians of the first and of the last {SAMPLE}.\n")
    print("| us | at the start | at the end | ratio | memory of the daemon |\n| --- | ---: | ---: | ---: | ---: |")
    refusal = measure_endpoints(api, options)
    measure_networks(api, options)
    print(f"\nThe {BRIDGE_PORTS + 1:,}th endpoint: {refusal}\n\n## Publishing\n")
    measure_publishing(api)


if __name__ == "__main__":
    main()
