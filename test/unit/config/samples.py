# SPDX-License-Identifier: BSD-2-Clause
"""Manifests that use every key, and a system that uses them all."""

BLOCK = '''\
[service]
protocol = "block/1"
instances = "device"
heap = "512K"
threads = 2
ping = "500ms"
progress = "10s"
restart = { most = 20, within = "10s", wait = "10ms..1s" }
[[device]]
as = "disk"
match = ["virtio,mmio id=2", "pci 1af4:1042"]
registers = "rw"
irqs = 4
dma = ["own", "regions"]
reset = "virtio"
optional = true
[[memory]]
as = "queues"
bytes = "64K"
dma = true
[[memory]]
as = "disks"
bytes = "from system.toml"
kept = true
[option]
cache = { type = "size", default = "1M", min = "64K", max = "64M", help = "memory for data that was read" }
trim = { type = "bool", default = true }
label = { type = "string", optional = true }
[client]
max = 32
info = "4K"
regions = { max = 4, rights = "dma" }
requests = { record = 64, count = 256, from = "client" }
replies = { record = 16, count = 256, from = "service" }
[client.option]
source = { type = "string", required = true, default_key = true, help = "partition:NAME or ram:BYTES" }
readonly = { type = "bool", default = false }
iops = { type = "int", default = 0 }
[guest]
key = "disk"
device = "virtio-blk"
many = true
on = "instance, when there is more than one"
'''

SWITCH = '''\
[service]
protocol = "net/1"
instances = "named"
[[device]]
as = "uplink"
match = ["virtio,mmio id=1", "pci 1af4:1041"]
irqs = 3
dma = ["own"]
reset = "virtio"
optional = true
[[memory]]
as = "pool"
bytes = "2M"
dma = true
[[needs]]
as = "words"
protocol = "entropy/1"
option = { rate = 100 }
[client]
calls = true
regions = { max = 4, rights = "map" }
transmit = { record = 32, count = 512, from = "client" }
receive = { record = 32, count = 512, from = "service" }
[client.option]
mac = { type = "mac", default = "assigned" }
vlan = { type = "int", min = 1, max = 4094, optional = true }
rate = { type = "size", optional = true }
isolate = { type = "choice", of = ["direct", "bounce"], default = "direct" }
[guest]
key = "net"
device = "virtio-net"
many = true
on = "instance"
'''

ENTROPY = '''\
[service]
protocol = "entropy/1"
instances = "system"
[[device]]
as = "source"
match = ["virtio,mmio id=4"]
registers = "ro"
irqs = 1
dma = ["own"]
reset = "virtio"
optional = true
[client]
words = { record = 8, count = 64, from = "service" }
[client.option]
rate = { type = "int", default = 0, help = "words in a second; 0: no limit" }
[guest]
key = "rng"
device = "virtio-rng"
default = {}
'''

ALL = {"block": BLOCK, "switch": SWITCH, "entropy": ENTROPY}

SHOP = {
    "system": '''\
guests = ["db", "web"]
[machine]
memory = "2G"
[services.lan]
is = "switch"
uplink = "auto"
[services.cell]
is = "switch"
[services.block]
disks = "64M"
cache = "2M"
[defaults]
kernel = "debian:Image"
''',
    "db": '''\
memory = "512M"
disk = ["partition:db", { source = "ram:64M", iops = 2000, readonly = true }]
net = [{ on = "lan", vlan = 10 }, { on = "cell", isolate = "bounce" }]
rng = false
ping = "2s"
restart = { most = 3, within = "1s", wait = "0ms..50ms" }
''',
    "web": '''\
net = { on = "lan", mac = "02:00:00:00:00:01", rate = "8M" }
''',
}
