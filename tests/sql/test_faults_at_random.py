"""Faults drawn at random, alone and in pairs: right, or refused by name with every mart as it was.

`make test` draws a few, with seeds that stay; TEST_ALL=1 draws many, with new seeds each time. A
failure names its seed, faults and vars: `FAULT_SEED=<seed>` draws them again.
"""

import os
import random

import pytest
from faulty_shops import FAULTS, REFUSED, SETTINGS, Fault
from shop_trials import assert_as_expected, build, build_incrementally

pytestmark = pytest.mark.slow

if "FAULT_SEED" in os.environ:
    SEEDS = [int(os.environ["FAULT_SEED"])]
elif "TEST_ALL" in os.environ:
    SEEDS = random.SystemRandom().sample(range(10**6), 60)
else:
    SEEDS = [1, 2, 3]


def draw(seed: int) -> tuple[str, list[Fault]]:
    """Settings and one fault or two that are for them; half the draws hold one that is refused."""
    chance = random.Random(seed)
    settings = chance.choice([name for name in SETTINGS if name != "text_keys"])
    possible = [fault for fault in FAULTS if settings in fault.settings]
    refused = [fault for fault in possible if fault.expected == REFUSED]
    others = [fault for fault in possible if fault.expected != REFUSED]
    first = chance.choice(refused if chance.random() < 0.5 else others)
    if first.shape or chance.random() < 0.3:
        return settings, [first]
    # a shop with little in it may lack the row that another fault needs
    second = chance.choice([fault for fault in others if not fault.shape and fault is not first])
    # what is refused comes last, when no other fault can take its row away
    return settings, sorted([first, second], key=lambda fault: fault.expected == REFUSED)


@pytest.mark.parametrize("seed", SEEDS)
def test_faults_are_right_or_refused(seed, shop_of):
    settings, faults = draw(seed)
    refused = any(fault.expected == REFUSED for fault in faults)
    command = build_incrementally if refused else build
    assert_as_expected(shop_of(settings), *faults, command=command)


def test_every_fault_and_every_kind_of_settings_can_be_drawn():
    drawn = [draw(seed) for seed in range(3000)]
    assert {settings for settings, _ in drawn} == set(SETTINGS) - {"text_keys"}
    names = {fault.name for fault in FAULTS if "defaults" in fault.settings}
    assert {fault.name for _, faults in drawn for fault in faults} >= names
    assert {len(faults) for _, faults in drawn} == {1, 2}
