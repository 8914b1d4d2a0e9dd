#!/usr/bin/env python3
"""cni.py DIRECTORY ADD|DEL NAME NETWORK: what a container runtime does to attach by CNI plugins: a namespace, then each plugin of
the network (JSON) in turn with the result of the one before; the reverse to detach."""
import json
import os
import subprocess
import sys

PORT = 31_000


def call(directory, verb, name, network, plugin, previous):
    config = {**plugin, "cniVersion": network["cniVersion"], "name": network["name"]}
    if "capabilities" in plugin:
        config["runtimeConfig"] = {"portMappings": [{"hostPort": PORT + int(name.lstrip("cni")), "containerPort": 80, "protocol": "tcp"}]}
    if previous:
        config["prevResult"] = previous
    environment = {**os.environ, "CNI_COMMAND": verb, "CNI_CONTAINERID": name, "CNI_NETNS": f"/run/netns/{name}", "CNI_IFNAME": "eth0",
                   "CNI_PATH": directory}
    done = subprocess.run([f"{directory}/{plugin['type']}"], input=json.dumps(config), env=environment, capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(f"{plugin['type']} {verb} {name}: {done.stdout} {done.stderr}")
    return json.loads(done.stdout) if done.stdout.strip() else None


def main():
    directory, verb, name, text = sys.argv[1:]
    network = json.loads(text)
    kept = f"/run/bench/{name}.json"
    if verb == "ADD":
        subprocess.run(["ip", "netns", "add", name], check=True)
        result = None
        for plugin in network["plugins"]:
            result = call(directory, verb, name, network, plugin, result)
        with open(kept, "w") as file:
            json.dump(result, file)
        return
    with open(kept) as file:
        result = json.load(file)
    for plugin in reversed(network["plugins"]):
        call(directory, verb, name, network, plugin, result)
    subprocess.run(["ip", "netns", "delete", name], check=True)


if __name__ == "__main__":
    main()
