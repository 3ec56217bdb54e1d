"""Changes a small host in a new network namespace and records the events of it.

    unshare --net python3 record_events.py OUTPUT-FOLDER

events.bin is the datagrams of a socket that listens to links and addresses (RTMGRP_LINK,
RTMGRP_IPV4_IFADDR, RTMGRP_IPV6_IFADDR), one behind the other, as recv(2) gave them.
"""
import socket, subprocess, sys, time

COMMANDS = """
link add eth0 address 02:00:00:00:00:01 type veth peer name peer0 address 02:00:00:00:00:02
link set eth0 addrgenmode none
link set peer0 addrgenmode none
link set peer0 up
link set eth0 up
addr add 192.0.2.10/24 broadcast 192.0.2.255 dev eth0
addr add 192.0.2.20/24 dev eth0 label eth0:vip
addr add 192.0.2.40 peer 198.51.100.40/32 dev eth0 valid_lft 3600 preferred_lft 1800
addr del 192.0.2.10/24 dev eth0
addr add 2001:db8::10/64 dev eth0
sleep
addr del 2001:db8::10/64 dev eth0
link set eth0 name lan0
link add br0 type bridge
link set lan0 master br0
link set lan0 nomaster
link set lan0 down
link del lan0
"""

with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 0) as s:
    s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
    s.bind((0, 0x1 | 0x10 | 0x100))
    for line in COMMANDS.strip().splitlines():
        if line == "sleep":
            time.sleep(2.5)  # until duplicate address detection is over
        else:
            subprocess.run(["ip", *line.split()], check=True)
    s.setblocking(False)
    datagrams = b""
    while True:
        try:
            datagrams += s.recv(32768)
        except BlockingIOError:
            break
open(f"{sys.argv[1]}/events.bin", "wb").write(datagrams)
