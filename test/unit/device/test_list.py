# SPDX-License-Identifier: BSD-2-Clause
"""The configuration compiler reads the same devices from the descriptors as the VMM is built with (TAP).

    test_list.py LIST TOOLS
"""
import subprocess
import sys

sys.path.insert(0, sys.argv[2])
import devices  # noqa: E402

built = subprocess.run([sys.argv[1]], check=True, text=True, capture_output=True).stdout.splitlines()
read = [f"{device.name} {device.presence}" for device in devices.known().values()]
is_same = built == read and len(read) > 0
print("1..1")
print(f"{'ok' if is_same else 'not ok'} 1 - the devices that a configuration can name are those of the VMM")
for line in [] if is_same else [f"built: {built}", f"read: {read}"]:
    print(f"# {line}")
sys.exit(not is_same)
