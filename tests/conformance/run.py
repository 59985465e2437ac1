"""Runs one scenario: a function of a module in this folder.

    EMULATOR=127.0.0.1:8700 python run.py <module> <function>

Scenarios are independent of each other; each has an emulator to itself.
"""

import faulthandler
import importlib
import sys

# Seconds. The clients retry, some of them for minutes; a scenario that hangs says where.
PATIENCE = 60

if __name__ == "__main__":
    faulthandler.dump_traceback_later(PATIENCE, exit=True)
    module, function = sys.argv[1:]
    getattr(importlib.import_module(module), function)()
