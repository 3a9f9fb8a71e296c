"""rename.py FOLDER: in FOLDER/plain the checkpoint of tiny.tril, in FOLDER/other the same with `part.` before every name."""
import json
import os
import struct
import subprocess
import sys

folder = sys.argv[1]
subprocess.run([sys.executable, os.path.join(os.path.dirname(os.path.abspath(__file__)), "tiny.py"), os.path.join(folder, "plain")], check=True)
os.makedirs(os.path.join(folder, "other"), exist_ok=True)
with open(os.path.join(folder, "plain", "model.safetensors"), "rb") as file:
    (length,) = struct.unpack("<Q", file.read(8))
    header, data = json.loads(file.read(length)), file.read()
text = json.dumps({"part." + name: entry for name, entry in header.items()}).encode()
with open(os.path.join(folder, "other", "model.safetensors"), "wb") as file:
    file.write(struct.pack("<Q", len(text)) + text + data)
