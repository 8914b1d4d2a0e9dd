"""A real dockerd beside ours in the scratch host, as far as measuring its names and `network connect` needs one."""
import os
import pathlib
import shutil
import signal
import subprocess
import time

from measure import Api, run

DIRECTORY = pathlib.Path("/run/bench/docker")
SOCKET = str(DIRECTORY / "socket")
PROGRAMS = ("dockerd", "containerd", "runc", "busybox", "iptables")
START_SECONDS = 30
IMAGE = "bench-busybox"
SLEEP = ["/bin/busybox", "sleep", "100000"]


def is_installed():
    return all(map(shutil.which, PROGRAMS))


def command(*words):
    return run("docker", "-H", f"unix://{SOCKET}", *words)


class Dockerd:
    """Runs within a `with`; None of what it makes in the kernel outlives it."""

    def __enter__(self):
        DIRECTORY.mkdir(parents=True)
        self.cgroup = f"ns-register-bench-{os.getpid()}"
        self.process = subprocess.Popen(
            ["dockerd", "--data-root", DIRECTORY / "data", "--exec-root", DIRECTORY / "exec", "-p", DIRECTORY / "pid", "-H", f"unix://{SOCKET}",
             "--storage-driver", "vfs", "--cgroup-parent", self.cgroup], stdout=subprocess.DEVNULL, stderr=open(DIRECTORY / "log", "w"))
        deadline = time.monotonic() + START_SECONDS
        while subprocess.run(["docker", "-H", f"unix://{SOCKET}", "version"], capture_output=True).returncode != 0:
            if self.process.poll() is not None or time.monotonic() > deadline:
                self.__exit__()
                return None
        (DIRECTORY / "root/bin").mkdir(parents=True)
        shutil.copy(shutil.which("busybox"), DIRECTORY / "root/bin/busybox")
        image = f"tar -C {DIRECTORY}/root -c . | docker -H unix://{SOCKET} import - {IMAGE}"
        subprocess.run(image, shell=True, check=True, stdout=subprocess.DEVNULL)
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            running = command("ps", "--quiet").split()
            if running:
                command("kill", *running)
            self.process.send_signal(signal.SIGTERM)
        self.process.wait()
        subprocess.run(["ip", "link", "delete", "docker0"], capture_output=True)
        for table in ("ip nat", "ip filter", "ip6 nat", "ip6 filter"):
            subprocess.run(["nft", "delete", "table", *table.split()], capture_output=True)
        shutil.rmtree(DIRECTORY, ignore_errors=True)
        subprocess.run(f"find /sys/fs/cgroup -depth -type d -name {self.cgroup} -exec rmdir {{}} +", shell=True, capture_output=True)


def hold_names(names):
    """A container that has all these names on a network: its process and its address."""
    command("network", "create", "--subnet", "10.227.0.0/16", "named")
    command("run", "--detach", "--name", "named", "--network", "named", *(f"--network-alias={name}" for name in names), IMAGE, *SLEEP)
    return command("inspect", "--format", "{{.State.Pid}} {{.NetworkSettings.Networks.named.IPAddress}}", "named").split()


class Connecting:
    """Running containers that are connected to one more network and disconnected again, by the API that both have."""

    def __init__(self, title, make_api, count, container, subnet):
        self.title = title
        self.many = [make_api() for _ in range(count)]
        self.api = self.many[0]
        self.api.request("POST", "/networks/create", {"Name": "joined", "IPAM": {"Config": [{"Subnet": subnet}]}})
        for number in range(count):
            self.api.request("POST", f"/containers/create?name=j{number}", container)
            self.api.request("POST", f"/containers/j{number}/start")

    def attach(self, number):
        self.api.request("POST", "/networks/joined/connect", {"Container": f"j{number}"})

    def detach(self, number):
        self.api.request("POST", "/networks/joined/disconnect", {"Container": f"j{number}"})

    def all(self, path):
        """One request on every connection before the first answer is read."""
        for number, api in enumerate(self.many):
            api.send("POST", path, {"Container": f"j{number}"})
        for api in self.many:
            api.answer("POST", path)

    def attach_all(self):
        self.all("/networks/joined/connect")

    def detach_all(self):
        self.all("/networks/joined/disconnect")

    def remove(self):
        for number in range(len(self.many)):
            self.api.request("DELETE", f"/containers/j{number}?force=1")
        self.api.request("DELETE", "/networks/joined")


def ours(count):
    return Connecting("ns-register: `network connect`", Api, count, {"HostConfig": {"NetworkMode": "bridge"}}, "10.225.0.0/16")


def theirs(count):
    container = {"Image": IMAGE, "Cmd": SLEEP, "HostConfig": {"NetworkMode": "bridge"}}
    return Connecting("Docker: `network connect`", lambda: Api(SOCKET), count, container, "10.226.0.0/16")
