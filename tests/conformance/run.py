"""Runs one scenario: a function of a module in this folder.

    EMULATOR=127.0.0.1:8700 python run.py <module> <function>

Scenarios are independent of each other; each has an emulator to itself.
"""

import faulthandler
import importlib
import os
import sys
import traceback

# Seconds. The clients retry, some of them for minutes; a scenario that hangs says where.
PATIENCE = 120


def show_variables(error):
    """Prints what the variables were, as far as they are the scenario's and not a client's."""
    for frame, line in traceback.walk_tb(error.__traceback__):
        code = frame.f_code
        if code.co_name != "<module>" and os.path.dirname(code.co_filename) == os.path.dirname(__file__):
            print(f"{os.path.basename(code.co_filename)}:{line}, in {code.co_name}")
            for name, value in frame.f_locals.items():
                print(f"    {name} = {repr(value)[:1000]}")


if __name__ == "__main__":
    faulthandler.dump_traceback_later(PATIENCE, exit=True)
    module, function = sys.argv[1:]
    try:
        getattr(importlib.import_module(module), function)()
    except BaseException as error:
        show_variables(error)
        raise
