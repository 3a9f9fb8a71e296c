"""full_disk.py FOLDER COMMAND ...: builds to a file system of 64 KiB on which an old product lies."""
import os
import subprocess
import sys

folder, command = sys.argv[1], sys.argv[2:]
os.makedirs(folder, exist_ok=True)
if os.geteuid() != 0 or subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", folder], stderr=subprocess.DEVNULL).returncode != 0:
    print("not run: no right to mount")
    sys.exit(0)
try:
    product = os.path.join(folder, "model")
    with open(product, "w") as file:
        file.write("#!/bin/sh\necho old\n")
    os.chmod(product, 0o755)
    done = subprocess.run([*command, "-o", product], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    print(done.stdout)
    assert done.returncode == 1, f"exit status {done.returncode}"
    assert os.listdir(folder) == ["model"], os.listdir(folder)
    assert subprocess.run([product], stdout=subprocess.PIPE, text=True).stdout == "old\n"
    print("the old product is whole")
finally:
    subprocess.run(["umount", folder])
