"""status.py N COMMAND ...: runs it, prints what it said, and fails unless its exit status is N."""
import subprocess
import sys

done = subprocess.run(sys.argv[2:], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
print(done.stdout)
if done.returncode != int(sys.argv[1]):
    print(f"exit status {done.returncode}, expected {sys.argv[1]}")
    sys.exit(1)
