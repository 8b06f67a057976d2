"""Prices by the piece: what more of it costs, where it is cheapest, and what is saved there."""

from __future__ import annotations

from typing import ClassVar

from numpy.random import Generator as Rng

from auditor.probe.generator.item import GeneratedItem, number_options, pick, pick_distinct, shuffled

_GOODS = ("pears", "nails", "candles", "rolls", "tiles", "eggs", "bulbs", "ropes", "envelopes", "lemons")
_SHOPS = ("Anchor", "Birch", "Comet", "Delta", "Ember", "Falcon", "Garnet", "Harbour", "Island", "Juniper")


class PriceComparison:
    """Offers of several pieces at one price, in whole cents."""

    name: ClassVar[str] = "price_comparison"

    def draw(self, rng: Rng, level: int) -> GeneratedItem:
        """Level 1: another amount; level 2: the cheapest of four; level 3: what is saved between two."""
        goods = pick(rng, _GOODS)
        if level == 1:
            pieces, each, wanted = (int(rng.integers(*ends)) for ends in ((2, 13), (3, 40), (13, 30)))
            answer = wanted * each
            question = (
                f"{pieces} {goods} cost {pieces * each} cents. At the same price, how many cents do {wanted} "
                f"{goods} cost?"
            )
            slips = [wanted * pieces, answer - each, answer + each * pieces]
            return _item(rng, question, answer, slips, f"{pieces * each} / {pieces} * {wanted}")
        shops = pick_distinct(rng, _SHOPS, 4 if level == 2 else 2)
        prices = [int(price) + 4 for price in rng.permutation(40)[: len(shops)]]
        packs = [int(rng.integers(2, 13)) for _ in shops]
        told = " ".join(
            f"{shop} sells {pack} {goods} for {pack * price} cents."
            for shop, pack, price in zip(shops, packs, prices, strict=True)
        )
        if level == 2:
            answer_shop = shops[prices.index(min(prices))]
            question = f"{told} Which shop is the cheapest by the piece?"
            return GeneratedItem(question, answer_shop, shuffled(rng, shops), f"{min(prices)} cents apiece")
        packages = int(rng.integers(2, 6))
        wanted = packs[0] * packs[1] * packages
        answer = wanted * abs(prices[0] - prices[1])
        question = (
            f"{told} Both sell whole packs only. How many cents does somebody save who buys {wanted} {goods} "
            "where they are cheaper?"
        )
        slips = [wanted * min(prices), wanted * max(prices), packages * abs(prices[0] - prices[1])]
        return _item(rng, question, answer, slips, f"{wanted} * ({max(prices)} - {min(prices)})")


def _item(rng: Rng, question: str, answer: int, slips: list[int], steps: str) -> GeneratedItem:
    return GeneratedItem(question, str(answer), number_options(rng, answer, slips), f"{steps} = {answer}")
