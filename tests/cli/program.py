# SPDX-License-Identifier: Apache-2.0
"""The program under test and what the tests of it share. Python's standard library only."""
import array
import json
import math
import os
import pathlib
import struct
import subprocess

BINARY = os.environ["PELLUCID_BINARY"]
SOURCE = pathlib.Path(os.environ["PELLUCID_SOURCE_DIR"])
SHARED = pathlib.Path(os.environ["PELLUCID_SHARED"]) if os.environ.get("PELLUCID_SHARED") else None
DEMO = SOURCE / "demo/demo-emotion"


def run(*arguments, stdin=b"", env=None, timeout=120, cwd=None):
    """The finished process; stdout and stderr as text."""
    variables = {k: v for k, v in os.environ.items() if k not in ("NO_COLOR", "FORCE_COLOR", "CLICOLOR_FORCE")}
    variables.update(env or {})
    done = subprocess.run([BINARY, *map(os.fspath, arguments)], input=stdin, capture_output=True, env=variables,
                          timeout=timeout, cwd=cwd)
    done.stdout = done.stdout.decode()
    done.stderr = done.stderr.decode()
    return done


def run_json(*arguments, **options):
    """What the program printed as JSON; raises when it did not end with 0."""
    done = run(*arguments, "--format", "json", "--quiet", **options)
    if done.returncode != 0:
        raise AssertionError(f"exit code {done.returncode}: {done.stderr}")
    return json.loads(done.stdout)


def read_safetensors(path):
    """name -> (shape, flat values)"""
    data = pathlib.Path(path).read_bytes()
    size = struct.unpack("<Q", data[:8])[0]
    tensors = {}
    for name, entry in json.loads(data[8:8 + size]).items():
        if name == "__metadata__":
            continue
        begin, end = entry["data_offsets"]
        values = array.array({"F32": "f", "I32": "i"}[entry["dtype"]])
        values.frombytes(data[8 + size + begin:8 + size + end])
        assert len(values) == math.prod(entry["shape"])
        tensors[name] = (entry["shape"], values)
    return tensors
