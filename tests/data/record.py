"""Builds a small host in a new network namespace and records the datagrams of its dumps.

    unshare --net python3 record.py OUTPUT-FOLDER

Each file is the datagrams of one dump, one behind the other, as recv(2) gave them.
"""
import socket, struct, subprocess, sys, time

SETUP = """
link set lo up
link add eth0 address 02:00:00:00:00:01 type veth peer name peer0 address 02:00:00:00:00:02
link add br0 address 02:00:00:00:00:03 type bridge
link add link eth0 name vip0 address 00:00:5e:00:01:33 type macvlan mode bridge
link set peer0 master br0
link set br0 up
link set peer0 up
link set eth0 up
link set vip0 up
addr add 192.0.2.10/24 broadcast 192.0.2.255 dev eth0
addr add 192.0.2.20/24 dev eth0 label eth0:vip
addr add 192.0.2.30/32 dev eth0
addr add 192.0.2.40 peer 198.51.100.40/24 dev eth0
addr add 192.0.2.50/24 dev eth0 valid_lft 3600 preferred_lft 1800
addr add 192.0.2.60/24 dev eth0 preferred_lft 0
addr add 169.254.7.7/16 scope link dev br0
addr add 203.0.113.1/25 dev br0 noprefixroute metric 77
addr add 192.0.2.70/24 dev vip0
addr add 2001:db8::10/64 dev eth0 nodad
addr add 2001:db8::20/64 dev eth0 nodad preferred_lft 0
addr add 2001:db8::30/128 dev eth0 nodad valid_lft 3600 preferred_lft 1800
addr add 2001:db8::40 peer 2001:db8:1::40/64 dev eth0 nodad
addr add 2001:db8::50/64 dev eth0 nodad noprefixroute
addr add 2001:db8:2::1/64 dev br0
link add down0 type veth peer name down1
addr add 198.51.100.1/24 dev down0
"""

def dump(kind, body):
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 0) as s:
        s.setsockopt(270, 12, 1)  # SOL_NETLINK, NETLINK_GET_STRICT_CHK
        s.bind((0, 0))
        s.send(struct.pack("=IHHII", 16 + len(body), kind, 0x301, 1, 0) + body)
        datagrams = b""
        while True:
            got = s.recv(32768)
            datagrams += got
            at = 0
            while at < len(got):
                length, what = struct.unpack_from("=IH", got, at)
                if what == 3:  # NLMSG_DONE
                    return datagrams
                at += (length + 3) & ~3

for line in SETUP.strip().splitlines():
    subprocess.run(["ip", *line.split()], check=True)
# An address with IFA_PROTO 18, which iproute2 6.1 cannot set.
with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 0) as s:
    index = socket.if_nametoindex("eth0")
    ip = socket.inet_aton("192.0.2.80")
    attr = lambda kind, data: struct.pack("=HH", 4 + len(data), kind) + data.ljust(-(-len(data) // 4) * 4, b"\0")
    body = struct.pack("=BBBBI", 2, 24, 0, 0, index) + attr(2, ip) + attr(1, ip) + attr(11, b"\x12")
    s.send(struct.pack("=IHHII", 16 + len(body), 20, 0x605, 1, 0) + body)
    assert s.recv(4096)[16:20] == bytes(4), "the kernel refused it"
time.sleep(0.2)  # 2001:db8:2::1 is still tentative then
out = sys.argv[1]
files = {
    "addresses_v4.bin": dump(22, struct.pack("=BBBBI", 2, 0, 0, 0, 0)),
    "addresses_v6.bin": dump(22, struct.pack("=BBBBI", 10, 0, 0, 0, 0)),
    "links.bin": dump(18, bytes(16) + struct.pack("=HHI", 8, 29, 8)),
}
for name, data in files.items():
    open(f"{out}/{name}", "wb").write(data)
# What iproute2 says of the same host.
text = subprocess.run(["ip", "-d", "-j", "addr"], check=True, capture_output=True).stdout
open(f"{out}/ip_addr.json", "wb").write(text)
