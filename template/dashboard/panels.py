"""The panels of the dashboard: what each answer says, and the pictures that show it.

This file is yours: an update never changes it. A new question of the template is shown as a table
until you add its method here. A method is called only when its answer has rows.
"""

from __future__ import annotations

import math
import statistics
from collections import defaultdict

from board import (
    SURE,
    Answers,
    Panel,
    Picture,
    Tile,
    apart,
    comparison,
    extremes,
    labelled,
    names,
    noun,
    ordered,
    verdict,
    with_interval,
    with_rest,
)
from pictures import PERCENT_AXIS, Row, bands, bars, columns, heat_map, intervals, line, scatter
from wording import MISSING, compact, month, number, percent, plain, quarter, several


class Board(Answers):
    """The panels of the dashboard: a method each, named as its question in analysis/_analysis.yml.

    Which section shows a panel, and in which order, is up to that list.
    """

    # demographics

    def customers_by(self, answer: str, name: str) -> Panel:
        answered = ordered(self.rows(answer), "customers")
        rows = with_rest(
            answered,
            name,
            lambda row: f"{row['customers']:,} · {percent(row['share_of_customers'])}",
        )
        total = sum(row["customers"] for row in answered)
        first, last = extremes(answered, name, "customers")
        finding = (
            f"{names(first, name)} {'has' if len(first) == 1 else 'have'} the most customers, "
            f"{first[0]['customers']:,} ({percent(first[0]['share_of_customers'])})"
        )
        if not total:
            finding = "No customers yet"
        elif first[0]["customers"] == total:
            finding = f"All customers are in {names(first, name)}"
        elif first == last:
            finding = f"Every {noun(name)} has {several(first[0]['customers'], 'customer')}"
        else:
            finding += f"; {names(last, name)} the fewest, {last[0]['customers']:,}"
        return Panel(
            answer,
            finding,
            f"n = {several(total, 'customer')} in {several(len(answered), noun(name))}; "
            "dark: those who ordered.",
            [Picture(rows, lambda r: bars(r, name, "customers", "buyers"))],
            tall=len(answered) > 12,
        )

    def q01_customers_by_nation(self) -> Panel:
        return self.customers_by("q01_customers_by_nation", "nation_name")

    def q02_customers_by_segment(self) -> Panel:
        return self.customers_by("q02_customers_by_segment", "market_segment")

    def q03_customers_by_region(self) -> Panel:
        return self.customers_by("q03_customers_by_region", "region_name")

    # acquisition

    def q04_growth_by_month(self) -> Panel:
        rows = self.rows("q04_growth_by_month")
        total = rows[-1]["cumulative_customers"]
        half = next(row for row in rows if row["cumulative_customers"] * 2 >= total)
        recent = rows[-12:]
        came = sum(row["new_customers"] for row in recent)
        finding = (
            f"{total:,} customers acquired by {month(rows[-1]['month_start'])}, half of them by "
            f"{month(half['month_start'])}; {came:,} came in the last {several(len(recent), 'month')}"
        )
        if len(rows) <= 12:
            finding = f"{several(total, 'customer')} acquired in {several(len(rows), 'month')}"
        return Panel(
            "q04_growth_by_month",
            finding,
            f"n = {several(total, 'customer')} with an order, {several(len(rows), 'month')}. "
            + self.incomplete_note(),
            [
                Picture(rows, lambda r: line(r, "cumulative_customers"), "Customers, cumulative"),
                Picture(rows, lambda r: columns(r, "new_customers"), "New customers per month"),
            ],
            wide=True,
            side_by_side=True,
        )

    def q05_growth_by_region(self) -> Panel:
        rows = []
        for row in ordered(self.rows("q05_growth_by_region"), "cagr"):
            years = (row["last_full_year"] or 0) - (row["first_year"] or 0)
            new = {**row, "low": row["cagr"], "high": row["cagr"]}
            if row["cagr"] is not None and years > 0:
                # a number of arrivals varies by its square root
                added, start = row["customers_added"], row["customers_end_first_year"]
                for side, sign in (("low", -SURE), ("high", SURE)):
                    ratio = 1 + (added + sign * math.sqrt(added)) / start
                    new[side] = max(0.0, ratio) ** (1 / years) - 1
            rows.append(new)
        rows = labelled(rows, lambda r: f"{percent(r['cagr'])} · +{r['customers_added'] or 0:,}")
        total = sum(row["customers_end_of_data"] or 0 for row in rows)
        grown = any(row["cagr"] is not None for row in rows)
        return Panel(
            "q05_growth_by_region",
            comparison(rows, "region_name", "cagr", "yearly growth", percent)
            if grown
            else "Yearly growth needs a full calendar year after the first",
            f"n = {several(total, 'acquired customer')}; the number added at the right. "
            "Interval: the number added plus or minus 1.96 times its root.",
            [Picture(rows, lambda r: intervals(r, "region_name", "cagr", PERCENT_AXIS))]
            if grown
            else [],
            verdict(rows, "cagr", "region"),
        )

    def q06_cac_by_segment(self) -> Panel:
        rows = labelled(
            ordered(self.rows("q06_cac_by_segment"), "cac_loaded"),
            lambda row: f"{compact(row['cac_direct'])} · {compact(row['cac_loaded'])}",
        )
        present = [row for row in rows if row["cac_loaded"] is not None]
        finding = "No new customers yet, so none has a cost"
        if present:
            first, last = extremes(present, "market_segment", "cac_loaded")
            cost = compact(first[0]["cac_loaded"])
            finding = f"A new customer costs {cost} in {names(first, 'market_segment')}"
            if first != last:
                finding = (
                    f"A new customer costs most in {names(first, 'market_segment')}, {cost}, and "
                    f"least in {names(last, 'market_segment')}, {compact(last[0]['cac_loaded'])}"
                )
        total = sum(row["new_customers"] for row in rows)
        return Panel(
            "q06_cac_by_segment",
            finding,
            f"n = {several(total, 'new customer')}; dark: the segment's own spend, pale: with its "
            "share of brand spend; both at the right.",
            [Picture(rows, lambda r: bars(r, "market_segment", "cac_loaded", "cac_direct"))]
            if present
            else [],
        )

    # value

    def q07_top20_summary(self) -> Panel:
        rows = labelled(
            self.rows("q07_top20_summary"),
            lambda row: f"{percent(row['top_revenue_share'])} of {compact(row['total_revenue'])}",
        )
        first = {row["population"]: row for row in rows}["buyers"]
        has_share = first["top_revenue_share"] is not None
        return Panel(
            "q07_top20_summary",
            f"The top 20 % of the buyers bring {percent(first['top_revenue_share'])} of revenue"
            if has_share
            else "No revenue yet",
            f"n = {several(first['customers'], 'buyer')}"
            + (
                f"; the top begins at a revenue of {compact(first['threshold_revenue'])}."
                if has_share
                else "."
            ),
            [Picture(rows, lambda r: bars(r, "population", "top_revenue_share"))]
            if has_share
            else [],
        )

    def q07_top20_customers(self) -> Panel:
        rows = self.rows("q07_top20_customers")
        shown = min(self.settings["top_customers"], len(rows))
        first, _ = extremes(rows, "customer_key", "revenue")
        subject = f"Customer {first[0]['customer_key']} is"
        if len(first) > 1:
            subject = f"{len(first)} customers are"
        return Panel(
            "q07_top20_customers",
            f"{subject} the most valuable with a revenue of {compact(first[0]['revenue'])}",
            f"n = {several(len(rows), 'customer')} among the top 20 %, the first {shown} shown; "
            "all are in answers/q07_top20_customers.csv.",
            top=shown,
        )

    def q08_revenue_share_by_segment(self) -> Panel:
        rows = with_rest(
            ordered(self.rows("q08_revenue_share_by_segment"), "revenue"),
            "market_segment",
            lambda row: f"{compact(row['revenue'])} · {percent(row['revenue_share'])}",
        )
        first, last = extremes(rows, "market_segment", "revenue")
        orders = sum(row["orders"] for row in self.rows("q08_revenue_share_by_segment"))
        finding = (
            f"{names(first, 'market_segment')} {'brings' if len(first) == 1 else 'bring'} "
            f"{percent(first[0]['revenue_share'])} of the revenue"
        )
        if not orders:
            finding = "No revenue yet"
        elif len(rows) == 1:
            finding = f"All revenue is from {rows[0]['market_segment']}"
        elif first != last:
            finding += f", {names(last, 'market_segment')} {percent(last[0]['revenue_share'])}"
        return Panel(
            "q08_revenue_share_by_segment",
            finding,
            f"n = {several(orders, 'order')}.",
            [Picture(rows, lambda r: bars(r, "market_segment", "revenue"))] if orders else [],
        )

    def q09_ltv_distribution_by_segment(self) -> Panel:
        populations = {"buyers": "Buyers", "all_customers": "All customers, 0 without orders"}
        groups: dict[str, list[Row]] = defaultdict(list)
        for row in ordered(self.rows("q09_ltv_distribution_by_segment"), "ltv_median"):
            groups[row["population"]].append(row)
        buyers = []
        for row in ordered(groups["buyers"], "ltv_mean"):
            error = row["ltv_stddev"] and row["ltv_stddev"] / math.sqrt(row["customers"])
            buyers.append(with_interval(row, row["ltv_mean"], error))
        counts = {name: sum(row["customers"] for row in groups[name]) for name in populations}
        return Panel(
            "q09_ltv_distribution_by_segment",
            comparison(buyers, "market_segment", "ltv_mean", "mean lifetime value", compact),
            f"n = {several(counts['buyers'], 'buyer')} of "
            f"{several(counts['all_customers'], 'customer')}. White: median; dark: the middle "
            "half; pale: 10th to 90th percentile. The finding is about the buyers' means.",
            [
                Picture(
                    labelled(groups[name], lambda row: compact(row["ltv_median"])), bands, title
                )
                for name, title in populations.items()
                if any(row["ltv_median"] for row in groups[name])
            ],
            verdict(buyers, "ltv_mean", "mean of the buyers"),
            side_by_side=True,
            wide=True,
        )

    # behaviour

    def q10_purchase_frequency_by_segment(self) -> Panel:
        answered = self.rows("q10_purchase_frequency_by_segment")
        rows = []
        for row in ordered(answered, "orders_per_year_mean"):
            values = self.buyers.per_year.get(row["market_segment"], ())
            error = statistics.stdev(values) / math.sqrt(len(values)) if values[1:] else None
            rows.append(with_interval(row, row["orders_per_year_mean"], error))
        rows = labelled(
            rows,
            lambda row: (
                f"{number(row['orders_per_year_mean'], 2)} · n = "
                f"{row['buyers'] - row.get('buyers_without_rate', 0):,}"
            ),
        )
        gaps = labelled(
            ordered(answered, "days_between_median"),
            lambda row: f"{number(row['days_between_median'], 0)} days",
        )
        total, orders = (sum(row[name] for row in rows) for name in ("buyers", "orders"))
        recent = sum(row.get("buyers_without_rate", 0) for row in rows)

        def has(name: str) -> bool:
            return any(row[name] is not None for row in rows)

        return Panel(
            "q10_purchase_frequency_by_segment",
            comparison(rows, "market_segment", "orders_per_year_mean", "orders per year", number),
            f"n = {several(total, 'buyer')}, {several(orders, 'order')}."
            + (
                f" {several(recent, 'buyer')} came too recently for a yearly rate."
                if recent
                else ""
            ),
            [
                Picture(
                    rows,
                    lambda r: intervals(r, "market_segment", "orders_per_year_mean", "number"),
                    "Orders per year of a buyer: mean and its 95 % interval",
                )
            ]
            * has("orders_per_year_mean")
            + [
                Picture(
                    gaps,
                    lambda r: bars(r, "market_segment", "days_between_median"),
                    "Days between two orders: median",
                )
            ]
            * has("days_between_median"),
            verdict(rows, "orders_per_year_mean", "segment"),
            side_by_side=True,
            wide=True,
        )

    def q11_order_size_vs_frequency(self) -> Panel:
        rows = []
        for row in self.rows("q11_order_size_vs_frequency"):
            value, new = row["pearson_orders_aov"], {**row, "low": None, "high": None}
            new["low"] = new["high"] = value
            if value is not None and abs(value) < 1 and row["buyers"] > 3:
                # Fisher: the inverse hyperbolic tangent of a correlation is about normal
                half = SURE / math.sqrt(row["buyers"] - 3)
                new["low"] = math.tanh(math.atanh(value) - half)
                new["high"] = math.tanh(math.atanh(value) + half)
            rows.append(new)
        rows = labelled(
            rows, lambda row: f"{number(row['pearson_orders_aov'], 2)} · n = {row['buyers']:,}"
        )
        whole = next((row for row in rows if row["scope"] == "ALL"), rows[0])
        value = whole["pearson_orders_aov"]
        sample = self.buyers.sample
        pictures = [Picture(sample, scatter, "Each dot a buyer")] if sample else []
        if value is None:
            finding = "A correlation of order size and frequency needs buyers who differ in both"
            said = ""
        else:
            different = whole["low"] > 0 or whole["high"] < 0
            larger = "larger" if value > 0 else "smaller"
            finding = (
                f"Frequent buyers place {larger} orders: a correlation of {number(value, 2)}"
                if different
                else "Order size does not go with the number of orders: a correlation of "
                f"{number(value, 2)}, no different from 0"
            )
            said = (
                f"{'Distinguishable' if different else 'Not distinguishable'} from 0 over all "
                f"buyers: the 95 % interval is {number(whole['low'], 2)} to "
                f"{number(whole['high'], 2)}."
            )
            pictures.append(
                Picture(
                    rows,
                    lambda r: intervals(r, "scope", "pearson_orders_aov", "coefficient", zero=True),
                    "Correlation of orders and average order value",
                )
            )
        return Panel(
            "q11_order_size_vs_frequency",
            finding,
            f"n = {several(whole['buyers'], 'buyer')}; {len(sample):,} of them in the scatter. "
            "Correlations are Pearson's, with their 95 % intervals (Fisher).",
            pictures,
            said,
            side_by_side=True,
            wide=True,
        )

    def q12_category_loyalty_by_segment(self) -> Panel:
        answered = self.rows("q12_category_loyalty_by_segment")
        schemes: dict[str, list[Row]] = {row["scheme"]: [] for row in answered}
        for row in ordered(answered, "mean_top_share"):
            new = with_interval(row, row["mean_top_share"], row["stderr_top_share"])
            schemes[row["scheme"]] += labelled([new], lambda r: percent(r["mean_top_share"]))
        main = "type_material" if "type_material" in schemes else next(iter(schemes))
        distinct = [plain(name) for name, rows in schemes.items() if apart(rows, "mean_top_share")]
        compared = verdict(schemes[main], "mean_top_share", "segment")
        if distinct:
            compared = f"Distinguishable by {', '.join(distinct)} only."
        elif compared:
            compared = (
                "Not distinguishable, by any scheme: the 95 % intervals of the highest and the "
                "lowest segment overlap."
            )
        return Panel(
            "q12_category_loyalty_by_segment",
            comparison(
                schemes[main],
                "market_segment",
                "mean_top_share",
                "share of the top category",
                percent,
            ),
            f"n = {several(sum(row['buyers'] for row in schemes[main]), 'buyer')}. Dot: mean over "
            "buyers with its 95 % interval. The finding is about categories by "
            f"{plain(main)}.",
            [
                Picture(
                    rows,
                    lambda r: intervals(r, "market_segment", "mean_top_share", PERCENT_AXIS),
                    f"Categories by {plain(scheme)}",
                )
                for scheme, rows in schemes.items()
                if any(row["mean_top_share"] is not None for row in rows)
            ],
            compared,
            side_by_side=True,
            wide=True,
        )

    def customer_cohort_retention(self) -> Panel:
        rows = labelled(
            [row for row in self.rows("customer_cohort_retention") if row["quarter_number"] > 0],
            lambda row: f"{quarter(row['cohort_quarter'])} ({row['cohort_size']:,})",
        )
        # a cohort of a handful of customers would be noise in strong colours
        sizes = {row["label"]: row["cohort_size"] for row in rows}
        least = min(10, max(sizes.values(), default=0))
        shown = [row for row in rows if row["cohort_size"] >= least]
        first = [row for row in shown if row["quarter_number"] == 1]
        customers = sum(row["cohort_size"] for row in first)
        returned = sum(row["retained"] for row in first)
        left = len(sizes) - len({row["label"] for row in shown})
        return Panel(
            "customer_cohort_retention",
            f"{percent(returned / customers)} of the customers order again in the quarter after "
            "their first"
            if customers
            else "No cohort has had a quarter after its first yet",
            f"n = {several(customers, 'customer')}, number by cohort in brackets"
            + (
                f"; {several(left, 'cohort')} of fewer than {least} customers left out"
                if left
                else ""
            )
            + ". The cohort's own quarter, always 100 %, is left out too. "
            + self.incomplete_note("quarter"),
            [Picture(shown, heat_map)] if shown else [],
            wide=True,
        )

    # the numbers at the top

    def headlines(self) -> list[Tile]:
        """All from the answers. A tile whose answer is missing or empty is left out."""
        tiles, months = [], self.rows("q04_growth_by_month")
        if self.has("q07_top20_summary"):
            rows = {row["population"]: row for row in self.rows("q07_top20_summary")}
            everyone, buyers = rows["all_customers"], rows["buyers"]
            total, revenue = everyone["customers"], everyone["total_revenue"]
            orders = sum(row["orders"] - row.get("guest_orders", 0) for row in months)
            revenues, counts = ([row[name] for row in months] for name in ("revenue", "orders"))
            tiles += [
                Tile(
                    compact(total),
                    "customers",
                    "Everyone in the customer table, with and without orders.",
                    filtered_by="customers",
                ),
                Tile(
                    percent(buyers["customers"] / total if total else None),
                    "of them have ordered",
                    "Buyers: customers with at least one order that counts.",
                    filtered_by="buyers",
                ),
                Tile(
                    compact(revenue),
                    f"revenue before tax{self.in_currency}",
                    self.questions["q08_revenue_share_by_segment"].definition,
                    self.change(revenues),
                    filtered_by="revenue",
                ),
                Tile(
                    compact(revenue / orders if orders else None),
                    f"per order{self.in_currency}, {compact(orders)} orders",
                    "Revenue divided by the number of orders.",
                    self.change(revenues, counts),
                    filtered_by="order_value",
                ),
                Tile(
                    percent(buyers["top_revenue_share"]),
                    "of revenue from the top 20 %",
                    self.questions["q07_top20_summary"].definition,
                ),
            ]
        if months:
            active = [row["active_12m"] for row in months]
            tiles.insert(
                2,
                Tile(
                    compact(active[-1]),
                    "active in 12 months",
                    "Customers with an order in the 12 months that end with the newest.",
                    self.change(active, at_the_end=True),
                ),
            )
        if self.has("q10_purchase_frequency_by_segment"):
            rows = self.rows("q10_purchase_frequency_by_segment")
            rated = [
                (row["orders_per_year_mean"], row["buyers"] - row.get("buyers_without_rate", 0))
                for row in rows
                if row["orders_per_year_mean"] is not None
            ]
            tiles.append(
                Tile(
                    number(sum(map(math.prod, rated)) / sum(count for _, count in rated))
                    if rated
                    else MISSING,
                    "orders a year per buyer",
                    self.questions["q10_purchase_frequency_by_segment"].definition,
                )
            )
        if self.has("q06_cac_by_segment"):
            rows = self.rows("q06_cac_by_segment")
            new = sum(row["new_customers"] for row in rows)
            spent = sum((row["cac_loaded"] or 0) * row["new_customers"] for row in rows)
            tiles.append(
                Tile(
                    compact(spent / new if new else None),
                    f"spent per new customer{self.in_currency}",
                    self.questions["q06_cac_by_segment"].definition,
                    synthetic=self.spend_is_synthetic,
                )
            )
        return tiles
