"""Evaluates rules for plans with OPA's own engine: evaluate.py RULES.rego, with [[PLAN.json, DATA.json], ...] as input.

Prints, as JSON, what each plan is denied and warned of, and the lines of the rules that no plan has reached.
"""

import json
import sys

import opa_bindings


def read(file):
    with open(file, encoding="utf-8") as opened:
        return opened.read()


def lines(ranges):
    return {line for part in ranges for line in range(part["start"]["row"], part["end"]["row"] + 1)}


def evaluate(rules, plan, data):
    with opa_bindings.OpaEngine() as engine:
        engine.add_policy("rules", rules)
        engine.add_data(json.loads(read(data)))
        result = engine.eval_document("main", json.loads(read(plan)), coverage=True)
        coverage = engine.last_coverage["files"]["rules"]
    found = {rule: sorted(result[rule]) for rule in ("deny", "warn")}
    return found, lines(coverage["covered"]), lines(coverage.get("not_covered", []))


rules = read(sys.argv[1])
results = [evaluate(rules, plan, data) for plan, data in json.load(sys.stdin)]
reached = set().union(*(covered for _, covered, _ in results))
not_reached = set().union(*(missed for _, _, missed in results)) - reached
print(json.dumps({"found": [found for found, _, _ in results], "not_reached": sorted(not_reached)}))
