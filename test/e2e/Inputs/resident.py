"""resident.py PLAN COMMAND ...: the most memory that the command has resident is within 2 % of the total of the plan (JSON)."""
import json
import os
import subprocess
import sys

with open(sys.argv[1]) as file:
    planned = json.load(file)["total_bytes"]
process = subprocess.Popen(sys.argv[2:], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
_, status, usage = os.wait4(process.pid, 0)
if status != 0:
    sys.exit(f"status {status} of {' '.join(sys.argv[2:])}")
resident = usage.ru_maxrss * 1024  # Linux counts in KiB
print(f"planned {planned}, resident {resident}: {resident / planned - 1:+.2%}")
if not 0.98 * planned <= resident <= 1.02 * planned:
    sys.exit("they are more than 2 % apart")
