# Text-in, text-out tests: run by lit, matched by FileCheck.
import os

import lit.formats

config.name = "tril"
config.test_format = lit.formats.ShTest(execute_external=False)
config.suffixes = [".mlir", ".test", ".tril"]
# Folders whose texts are data of other tests.
config.excludes = ["Inputs", "bench", "causality", "dsl", "encoders", "golden", "names", "smollm2", "tokenizers", "unit"]
config.test_source_root = os.path.dirname(__file__)
config.test_exec_root = os.path.join(config.tril_build_dir, "test")

# Whole words only: `%t.tril` and `tril-opt` are not the tool `tril`.
for name, path in [
    ("tril-opt", config.tril_tools_dir),
    ("tril-interpret", config.tril_tools_dir),
    ("tril", config.tril_tools_dir),
    ("FileCheck", config.llvm_tools_dir),
    ("not", config.llvm_tools_dir),
]:
    config.substitutions.append((r"(?<![\w./%=-])" + name + r"(?![\w./-])", os.path.join(path, name)))
config.environment["PATH"] = os.pathsep.join([config.tril_tools_dir, config.llvm_tools_dir, os.environ["PATH"]])
