"""level.py LEVEL PRODUCT ... --logits OUT -- EXPECTED: runs a product and compares, where this processor has the level."""
import os
import subprocess
import sys

FLAGS = {"x86-64-v3": {"avx2", "fma", "bmi2", "f16c"}, "x86-64-v4": {"avx512f", "avx512bw", "avx512cd", "avx512dq", "avx512vl"}}
level, rest = sys.argv[1], sys.argv[2:]
command, expected = rest[: rest.index("--")], rest[-1]
with open("/proc/cpuinfo") as file:
    have = set(next(line for line in file if line.startswith("flags")).split())
if not FLAGS[level] <= have:
    print(f"not run: this processor has no {sorted(FLAGS[level] - have)}")
    sys.exit(0)
subprocess.run(command, check=True)
compare = os.path.join(os.path.dirname(os.path.abspath(__file__)), "compare.py")
subprocess.run([sys.executable, compare, command[command.index("--logits") + 1], expected, "1e-5"], check=True)
