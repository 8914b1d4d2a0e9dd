"""Compares the answers from users' records with those of another server that has the same zone, for peer_test.sh.

    peer.py zone SEED            a random zone: wildcards, empty non-terminals, CNAME records to its own names
    peer.py ask ADDRESS PORT     the answers to many questions about its names, as JSON
    peer.py compare OURS THEIRS  fails if they are not the same, or are not asked outside where the other has nothing
"""
import itertools
import json
import random
import socket
import struct
import sys

TYPES = {"A": 1, "CNAME": 5, "MX": 15, "TXT": 16, "AAAA": 28, "SRV": 33}
LABELS = "abc"
ORIGIN = ("peer", "test")
SERVFAIL, NXDOMAIN = 2, 3


def random_name(chance):
    labels = [chance.choice(LABELS) for _ in range(chance.randint(1, 3))]
    return ".".join(["*"] + labels[1:] if chance.random() < 0.35 else labels)


def zone(seed):
    chance = random.Random(seed)
    types_of = {}
    for _ in range(chance.randint(5, 25)):
        name, target = random_name(chance), random_name(chance).replace("*", "a")
        data = {"A": f"192.0.2.{chance.randint(1, 250)}", "AAAA": f"2001:db8::{chance.randint(1, 999):x}",
                "TXT": f'"text {chance.randint(1, 99)}"', "MX": f"10 {target}", "CNAME": target, "SRV": f"1 2 3 {target}"}
        kind = chance.choice(list(TYPES))
        known = types_of.setdefault(name, set())
        if "CNAME" in known or (kind == "CNAME" and (known or target == name)):
            continue  # a CNAME record stands alone
        known.add(kind)
        print(name, 60, "IN", kind, data[kind])


def read_name(message, at):
    labels, end = [], None
    while message[at]:
        if message[at] & 0xC0:
            end = end or at + 2
            at = struct.unpack_from(">H", message, at)[0] & 0x3FFF
        else:
            labels.append(message[at + 1:at + 1 + message[at]].decode().lower())
            at += 1 + message[at]
    return ".".join(labels), end or at + 1


def read_data(message, at, size, kind):
    names_at = {5: 0, 15: 2, 33: 6}  # behind numbers
    if kind not in names_at:
        return message[at:at + size].hex()
    start = at + names_at[kind]
    return message[at:start].hex() + " " + read_name(message, start)[0]


def ask(peer, name, kind):
    wire = b"".join(bytes([len(label)]) + label.encode() for label in name)
    peer.send(struct.pack(">6H", 1, 0x100, 1, 0, 0, 0) + wire + struct.pack(">BHH", 0, kind, 1))
    message = peer.recv(4096)
    answers = struct.unpack_from(">H", message, 6)[0]
    at = read_name(message, 12)[1] + 4
    records = []
    for _ in range(answers):
        owner, at = read_name(message, at)
        its_kind, _, _, size = struct.unpack_from(">HHIH", message, at)
        records.append([owner, its_kind, read_data(message, at + 10, size, its_kind)])
        at += 10 + size
    return [message[3] & 15, sorted(records)]


def ask_all(address, port):
    names = [labels + ORIGIN for count in (1, 2, 3, 4) for labels in itertools.product(LABELS + "x", repeat=count)]
    names += [("*",) + labels + ORIGIN for count in (0, 1, 2) for labels in itertools.product(LABELS, repeat=count)]
    names = random.Random(1).sample(names, 150)
    answers = {}
    for name in names:
        for kind, number in TYPES.items():
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as peer:
                peer.settimeout(10)
                peer.connect((address, int(port)))
                answers[".".join(name) + " " + kind] = ask(peer, name, number)
    json.dump(answers, sys.stdout)


def agree(ours, theirs, has_records):
    rcode, records = theirs
    if rcode == NXDOMAIN and not records:
        return ours == [SERVFAIL, []]  # asked outside, where nobody knows it
    # So is what is only above a name, and a CNAME record to what is not there; a loop is given up.
    leads_on = has_records and records and all(record[1] == TYPES["CNAME"] for record in records)
    return ours == theirs or ((leads_on or not has_records) and ours == [SERVFAIL, []])


def compare(ours_file, theirs_file):
    ours, theirs = (json.load(open(path)) for path in (ours_file, theirs_file))
    names = {question.split()[0] for question, answer in theirs.items() if answer[1]}
    wrong = [question for question in theirs
             if not agree(ours[question], theirs[question], question.split()[0] in names)]
    for question in wrong[:5]:
        print(f"{question}: we say {ours[question]}, the other {theirs[question]}")
    answered = sum(1 for rcode, records in theirs.values() if records)
    print(f"{len(theirs)} questions, {answered} with records, {len(wrong)} answered differently")
    sys.exit(bool(wrong) or not answered)


{"zone": zone, "ask": ask_all, "compare": compare}[sys.argv[1]](*sys.argv[2:])
