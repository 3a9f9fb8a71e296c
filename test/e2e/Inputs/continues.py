"""continues.py PRODUCT STATE OTHER: a text that OTHER goes on with, from the state that PRODUCT saved, is the text written at once."""
import subprocess
import sys

product, state, other = sys.argv[1:]
GREEDY = ["--temp", "0", "--repeat-penalty", "3", "--repeat-last-n", "7"]


def run(*command):
    done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    if done.returncode != 0:
        sys.exit(f"exit status {done.returncode} of {' '.join(command)}\n{done.stderr}")
    return done.stdout.removesuffix("\n"), done.stderr


once, _ = run(product, "-p", "abcabd", "-n", "400", *GREEDY)
first, _ = run(product, "-p", "abcabd", "-n", "300", "--save-state", state, *GREEDY)
second, said = run(other, "--load-state", state, "-p", "", "-n", "100", "-c", "450", "-b", "7", "-t", "2", *GREEDY)
if len(set(once)) < 5 or first + second != once:
    sys.exit(f"{once}\nat once, but in two parts\n{first}\n{second}")
if "re-used:    305 tokens computed before" not in said:
    sys.exit(said)
