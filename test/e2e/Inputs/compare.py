"""compare.py A B [TOLERANCE]: the tensors of two safetensors files; without a tolerance, their bytes."""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", ".."))
import safetensors  # noqa: E402  (test/safetensors.py)

a, b = safetensors.read(sys.argv[1]), safetensors.read(sys.argv[2])
assert sorted(a) == sorted(b) and a, (sorted(a), sorted(b))
for name in a:
    assert a[name].shape == b[name].shape, name
    if len(sys.argv) < 4:
        assert a[name].raw == b[name].raw, f"{name} differs"
    else:
        for x, y in zip(a[name].data, b[name].data):
            assert abs(x - y) <= float(sys.argv[3]), f"{name}: {x} and {y}"  # false of NaN too
print(f"{len(a)} tensors agree")
