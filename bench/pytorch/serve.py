"""Runs work in PyTorch on request of a benchmark, one request at a time.

Each input line is a JSON object, and so is each answer:

    {"setup": NAME, "options": {...}, "threads": N}   prepares the work of that name      -> {}
    {"step": true}                                     runs it once                         -> {"milliseconds": ...}
    {"memory": true}                                   runs it once and measures memory     -> {"megabytes": ...}
    {"run": true}                                      runs it once                         -> {"result": what it returns}
"""

import ctypes
import gc
import json
import sys
import time

import torch

import losses
import networks
import products
import runs

WORK = {
    "loss": losses.make_step,
    "matmul": products.make_step,
    "run": runs.make_run,
    "train": networks.make_step,
    "update": losses.make_update_step,
}


def status(field):
    """Return a field of /proc/self/status in megabytes."""
    with open("/proc/self/status") as lines:
        for line in lines:
            if line.startswith(field + ":"):
                return int(line.split()[1]) / 1024
    raise RuntimeError(f"no {field}")


def memory_of(step):
    """Return the peak growth of the resident memory during a step, in megabytes."""
    gc.collect()
    # Returns what earlier steps have freed, so that this step takes it from the system again.
    ctypes.CDLL(None).malloc_trim(0)
    with open("/proc/self/clear_refs", "w") as file:
        file.write("5")
    before = status("VmRSS")
    step()
    return status("VmHWM") - before


def main():
    step = None
    for line in sys.stdin:
        request = json.loads(line)
        if "setup" in request:
            torch.set_num_threads(request["threads"])
            torch.manual_seed(0)
            make = WORK[request["setup"]]
            step = None
            step = make(request["options"])
            answer = {}
        elif "memory" in request:
            answer = {"megabytes": memory_of(step)}
        elif "run" in request:
            answer = {"result": step()}
        else:
            start = time.perf_counter()
            step()
            answer = {"milliseconds": 1e3 * (time.perf_counter() - start)}
        print(json.dumps(answer), flush=True)


main()
