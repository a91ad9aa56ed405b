#!/usr/bin/env python3
"""cluster.py: a dqlite cluster of three nodes on this machine.

    cluster.py start FOLDER    start the nodes that are not running, and make
                               one cluster of them; waits until it has a leader
    cluster.py status FOLDER   what each node is
    cluster.py kill FOLDER     kill -9 of the leader; waits for another one
    cluster.py stop FOLDER     end all nodes, with SIGTERM

FOLDER is made by the first start.  It has a folder for each node, NUMBER.pid,
NUMBER.log, and the addresses of all in `servers`, separated by commas:
127.0.0.1 and the ports 9001 to 9003, or those of --servers.

start needs two files, which `make dqlite` leaves in the current folder:
--node PROGRAM (./dqlite-node) and --extension FILE (./surrogate.so).
"""

import argparse
import os
import pathlib
import signal
import subprocess
import sys

import dqlite

SERVERS = "127.0.0.1:9001,127.0.0.1:9002,127.0.0.1:9003"
STOP_SECONDS = 10


class Node:
    """A node of the cluster in a folder, running or not."""

    def __init__(self, folder, number, address):
        self.number = number
        self.address = address
        self.data = folder / str(number)
        self.pid_file = folder / f"{number}.pid"
        self.log_file = folder / f"{number}.log"

    def pid(self):
        """The process, or None if it has ended.

        Its number may have gone to another one, which has other arguments.
        """
        try:
            pid = int(self.pid_file.read_text())
            command = pathlib.Path(f"/proc/{pid}/cmdline").read_bytes()
        except (OSError, ValueError):
            return None
        return pid if os.fsencode(self.data) in command.split(b"\0") else None

    def start(self, program, extension):
        self.data.mkdir(parents=True, exist_ok=True)
        with open(self.log_file, "ab") as log:
            process = subprocess.Popen(
                [program, str(self.number), self.address, self.data,
                 extension],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log,
            )
        self.pid_file.write_text(f"{process.pid}\n")
        return process

    def signal(self, number):
        pid = self.pid()
        if pid:
            os.kill(pid, number)

    def wait_until_gone(self):
        def gone():
            if self.pid():
                raise dqlite.Error(f"node {self.number} does not end")
        dqlite.retry(gone, STOP_SECONDS)


def read_nodes(folder):
    servers = (folder / "servers").read_text().strip().split(",")
    return [Node(folder, i + 1, server) for i, server in enumerate(servers)]


def addresses(nodes):
    return [node.address for node in nodes]


def join(nodes):
    """Make voters of all nodes.  A node that is one already stays it."""

    def attempt():
        leader = dqlite.find_leader(addresses(nodes))
        try:
            servers = leader.servers()
            for node in nodes:
                if node.number not in servers:
                    leader.add(node.number, node.address)
                if servers.get(node.number, ("", None))[1] != dqlite.VOTER:
                    leader.assign(node.number)
        finally:
            leader.close()

    dqlite.retry(attempt)


def start(folder, args):
    folder.mkdir(parents=True, exist_ok=True)
    if not (folder / "servers").exists():
        (folder / "servers").write_text((args.servers or SERVERS) + "\n")
    nodes = read_nodes(folder)
    started = {
        node: node.start(os.path.abspath(args.node),
                         os.path.abspath(args.extension))
        for node in nodes if not node.pid()
    }

    def listening():
        for node, process in started.items():
            if process.poll() is not None:
                sys.exit(f"cluster.py: node {node.number} has ended: "
                         + node.log_file.read_text(errors="replace"))
            dqlite.Connection(node.address).close()

    dqlite.retry(listening)
    join(nodes)


def find_leader(nodes):
    connection = dqlite.find_leader(addresses(nodes))
    connection.close()
    return next(n for n in nodes if n.address == connection.address)


def status(folder, _args):
    nodes = read_nodes(folder)
    try:
        leader = find_leader(nodes)
    except dqlite.Error:
        leader = None
    for node in nodes:
        what = "running" if node.pid() else "down"
        print(node.number, node.address, "leader" if node is leader else what)


def kill(folder, _args):
    nodes = read_nodes(folder)
    leader = dqlite.retry(lambda: find_leader(nodes))
    leader.signal(signal.SIGKILL)
    leader.wait_until_gone()
    others = [node for node in nodes if node is not leader]
    successor = dqlite.retry(lambda: find_leader(others))
    print(f"killed node {leader.number};"
          f" the leader is node {successor.number}")


def stop(folder, _args):
    nodes = read_nodes(folder)
    for node in nodes:
        node.signal(signal.SIGTERM)
    for node in nodes:
        try:
            node.wait_until_gone()
        except dqlite.Error:
            node.signal(signal.SIGKILL)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--node", metavar="PROGRAM", default="./dqlite-node")
    parser.add_argument("--extension", metavar="FILE",
                        default="./surrogate.so")
    parser.add_argument("--servers", metavar="HOST:PORT,...")
    parser.add_argument("command", choices=["start", "status", "kill", "stop"])
    parser.add_argument("folder", metavar="FOLDER", type=pathlib.Path)
    args = parser.parse_args()
    command = {"start": start, "status": status, "kill": kill, "stop": stop}
    try:
        command[args.command](args.folder.resolve(), args)
    except (OSError, dqlite.Error) as error:
        sys.exit(f"cluster.py: {error}")


if __name__ == "__main__":
    main()
