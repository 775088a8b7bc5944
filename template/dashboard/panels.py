"""The panels of the dashboard: what each answer says, and the pictures that show it.

This file is yours: an update never changes it. A new question of the template is shown as a table
until you add its method here.
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
    apart,
    comparison,
    labelled,
    ordered,
    verdict,
    with_interval,
)
from pictures import PERCENT_AXIS, Row, bands, bars, columns, heat_map, intervals, line, scatter
from wording import compact, month, number, percent, quarter, several


class Board(Answers):
    """The panels of the dashboard: a method each, named as its question in analysis/_analysis.yml.

    Which section shows a panel, and in which order, is up to that list.
    """

    # demographics

    def q01_customers_by_nation(self) -> Panel:
        rows = labelled(
            self.rows("q01_customers_by_nation"),
            lambda row: f"{row['customers']:,} · {percent(row['share_of_customers'])}",
        )
        rows = ordered(rows, "customers")
        first, last, total = rows[0], rows[-1], sum(row["customers"] for row in rows)
        return Panel(
            "q01_customers_by_nation",
            f"{first['nation_name']} has the most customers of {len(rows)} nations, "
            f"{first['customers']:,}; {last['nation_name']} the fewest, {last['customers']:,}",
            f"n = {several(total, 'customer')}; dark: those who ordered.",
            [Picture(rows, lambda r: bars(r, "nation_name", "customers", "buyers", 20))],
            tall=True,
        )

    def customers_by(self, answer: str, name: str, noun: str) -> Panel:
        rows = labelled(
            self.rows(answer),
            lambda row: f"{row['customers']:,} · {percent(row['share_of_customers'])}",
        )
        rows = ordered(rows, "customers")
        total = sum(row["customers"] for row in rows)
        return Panel(
            answer,
            f"{rows[0][name]} is the largest {noun} with {percent(rows[0]['share_of_customers'])} "
            f"of the customers; the smallest has {percent(rows[-1]['share_of_customers'])}",
            f"n = {several(total, 'customer')}; dark: those who ordered.",
            [Picture(rows, lambda r: bars(r, name, "customers", "buyers"))],
        )

    def q02_customers_by_segment(self) -> Panel:
        return self.customers_by("q02_customers_by_segment", "market_segment", "segment")

    def q03_customers_by_region(self) -> Panel:
        return self.customers_by("q03_customers_by_region", "region_name", "region")

    # acquisition

    def q04_growth_by_month(self) -> Panel:
        rows = self.rows("q04_growth_by_month")
        last = rows[-1]
        total = last["cumulative_customers"]
        half = next(row for row in rows if row["cumulative_customers"] * 2 >= total)
        recent = sum(row["new_customers"] for row in rows[-12:])
        return Panel(
            "q04_growth_by_month",
            f"{total:,} customers acquired by {month(last['month_start'])}, half of them by "
            f"{month(half['month_start'])}; {recent:,} came in the last {len(rows[-12:])} months",
            f"n = {several(total, 'customer')} with an order, {several(len(rows), 'month')}.",
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
        return Panel(
            "q05_growth_by_region",
            comparison(rows, "region_name", "cagr", "yearly growth", percent),
            f"n = {several(total, 'acquired customer')}; the number added at the right. "
            "Interval: the number added plus or minus 1.96 times its root.",
            [Picture(rows, lambda r: intervals(r, "region_name", "cagr", PERCENT_AXIS))],
            verdict(rows, "cagr", "region"),
        )

    def q06_cac_by_segment(self) -> Panel:
        rows = labelled(
            ordered(self.rows("q06_cac_by_segment"), "cac_loaded"),
            lambda row: f"{compact(row['cac_direct'])} · {compact(row['cac_loaded'])}",
        )
        present = [row for row in rows if row["cac_loaded"] is not None] or rows
        total = sum(row["new_customers"] for row in rows)
        return Panel(
            "q06_cac_by_segment",
            f"A new customer costs most in {present[0]['market_segment']}, "
            f"{compact(present[0]['cac_loaded'])}, and least in "
            f"{present[-1]['market_segment']}, {compact(present[-1]['cac_loaded'])}",
            f"n = {several(total, 'new customer')}; dark: the segment's own spend, pale: with its "
            "share of brand spend; both at the right.",
            [Picture(rows, lambda r: bars(r, "market_segment", "cac_loaded", "cac_direct"))],
        )

    # value

    def q07_top20_summary(self) -> Panel:
        rows = labelled(
            self.rows("q07_top20_summary"),
            lambda row: f"{percent(row['top_revenue_share'])} of {compact(row['total_revenue'])}",
        )
        by_name = {row["population"]: row for row in rows}
        first = by_name["buyers"]
        return Panel(
            "q07_top20_summary",
            f"The top 20 % of the buyers bring {percent(first['top_revenue_share'])} of revenue",
            f"n = {several(first['customers'], 'buyer')}; the top begins at a revenue of "
            f"{compact(first['threshold_revenue'])}.",
            [Picture(rows, lambda r: bars(r, "population", "top_revenue_share"))],
        )

    def q07_top20_customers(self) -> Panel:
        rows = self.rows("q07_top20_customers")
        shown = min(self.settings["top_customers"], len(rows))
        return Panel(
            "q07_top20_customers",
            f"Customer {rows[0]['customer_key']} is the most valuable with a revenue of "
            f"{compact(rows[0]['revenue'])}",
            f"n = {several(len(rows), 'customer')} among the top 20 %, the first {shown} shown; "
            "all are in answers/q07_top20_customers.csv.",
            top=shown,
        )

    def q08_revenue_share_by_segment(self) -> Panel:
        rows = labelled(
            ordered(self.rows("q08_revenue_share_by_segment"), "revenue"),
            lambda row: f"{compact(row['revenue'])} · {percent(row['revenue_share'])}",
        )
        orders = sum(row["orders"] for row in rows)
        return Panel(
            "q08_revenue_share_by_segment",
            f"{rows[0]['market_segment']} brings {percent(rows[0]['revenue_share'])} of the "
            f"revenue, {rows[-1]['market_segment']} {percent(rows[-1]['revenue_share'])}",
            f"n = {several(orders, 'order')}.",
            [Picture(rows, lambda r: bars(r, "market_segment", "revenue"))],
        )

    def q09_ltv_distribution_by_segment(self) -> Panel:
        names = {"buyers": "Buyers", "all_customers": "All customers, 0 without orders"}
        groups: dict[str, list[Row]] = defaultdict(list)
        for row in ordered(self.rows("q09_ltv_distribution_by_segment"), "ltv_median"):
            groups[row["population"]].append(row)
        buyers = []
        for row in ordered(groups["buyers"], "ltv_mean"):
            error = row["ltv_stddev"] and row["ltv_stddev"] / math.sqrt(row["customers"])
            buyers.append(with_interval(row, row["ltv_mean"], error))
        counts = {name: sum(row["customers"] for row in groups[name]) for name in names}
        return Panel(
            "q09_ltv_distribution_by_segment",
            comparison(buyers, "market_segment", "ltv_mean", "mean lifetime value", compact),
            f"n = {several(counts['buyers'], 'buyer')} of "
            f"{several(counts['all_customers'], 'customer')}. White: median; dark: the middle "
            "half; pale: 10th to 90th percentile. The finding is about the buyers' means.",
            [Picture(groups[name], bands, title) for name, title in names.items() if groups[name]],
            verdict(buyers, "ltv_mean", "mean of the buyers"),
            side_by_side=True,
            wide=True,
        )

    # behaviour

    def q10_purchase_frequency_by_segment(self) -> Panel:
        rows = []
        for row in ordered(self.rows("q10_purchase_frequency_by_segment"), "orders_per_year_mean"):
            values = self.buyers.per_year.get(row["market_segment"], ())
            error = statistics.stdev(values) / math.sqrt(len(values)) if values[1:] else None
            rows.append(with_interval(row, row["orders_per_year_mean"], error))
        rows = labelled(
            rows,
            lambda row: f"{number(row['orders_per_year_mean'], 2)} · n = {row['buyers']:,}",
        )
        gaps = labelled(
            ordered(self.rows("q10_purchase_frequency_by_segment"), "days_between_median"),
            lambda row: f"{number(row['days_between_median'], 0)} days",
        )
        total, orders = (sum(row[name] for row in rows) for name in ("buyers", "orders"))
        return Panel(
            "q10_purchase_frequency_by_segment",
            comparison(rows, "market_segment", "orders_per_year_mean", "orders per year", number),
            f"n = {several(total, 'buyer')}, {several(orders, 'order')}.",
            [
                Picture(
                    rows,
                    lambda r: intervals(r, "market_segment", "orders_per_year_mean"),
                    "Orders per year of a buyer: mean and its 95 % interval",
                ),
                Picture(
                    gaps,
                    lambda r: bars(r, "market_segment", "days_between_median"),
                    "Days between two orders: median",
                ),
            ],
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
        different = value is not None and (whole["low"] > 0 or whole["high"] < 0)
        finding = "Order size does not go with the number of orders: a correlation"
        if different:
            direction = "larger" if value > 0 else "smaller"
            finding = f"Frequent buyers place {direction} orders: a correlation"
        sample = self.buyers.sample
        return Panel(
            "q11_order_size_vs_frequency",
            f"{finding} of {number(value, 2)}" + ("" if different else ", no different from 0"),
            f"n = {several(whole['buyers'], 'buyer')}; {len(sample):,} of them in the scatter. "
            "Correlations are Pearson's, with their 95 % intervals (Fisher).",
            [
                Picture(sample, scatter, "Each dot a buyer"),
                Picture(
                    rows,
                    lambda r: intervals(r, "scope", "pearson_orders_aov", zero=True),
                    "Correlation of orders and average order value",
                ),
            ],
            f"{'Distinguishable' if different else 'Not distinguishable'} from 0 over all buyers: "
            f"the 95 % interval is {number(whole['low'], 2)} to {number(whole['high'], 2)}.",
            side_by_side=True,
            wide=True,
        )

    def q12_category_loyalty_by_segment(self) -> Panel:
        answer = self.rows("q12_category_loyalty_by_segment")
        schemes: dict[str, list[Row]] = {row["scheme"]: [] for row in answer}
        for row in ordered(answer, "mean_top_share"):
            new = with_interval(row, row["mean_top_share"], row["stderr_top_share"])
            schemes[row["scheme"]] += labelled([new], lambda r: percent(r["mean_top_share"]))
        main = "type_material" if "type_material" in schemes else next(iter(schemes))
        distinct = [scheme for scheme, rows in schemes.items() if apart(rows, "mean_top_share")]
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
            f"buyers with its 95 % interval. The finding is about the scheme {main}.",
            [
                Picture(
                    rows,
                    lambda r: intervals(r, "market_segment", "mean_top_share", PERCENT_AXIS),
                    f"Categories by {scheme.replace('_', ' ')}",
                )
                for scheme, rows in schemes.items()
            ],
            f"Distinguishable by {', '.join(distinct)} only."
            if distinct
            else "Not distinguishable, by any scheme: the 95 % intervals of the highest and the "
            "lowest segment overlap.",
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
        rate = sum(row["retained"] for row in first) / customers if customers else None
        left = len(sizes) - len({row["label"] for row in shown})
        return Panel(
            "customer_cohort_retention",
            f"{percent(rate)} of the customers order again in the quarter after their first",
            f"n = {several(customers, 'customer')}, number by cohort in brackets; "
            f"{several(left, 'cohort')} of fewer than {least} customers left out. The cohort's own "
            "quarter, always 100 %, is left out too.",
            [Picture(shown, heat_map)],
            wide=True,
        )

    def headlines(self) -> list[tuple[str, str]]:
        """The numbers at the top: value, and what it is. All from the answers."""
        segments, revenue = (
            self.rows("q02_customers_by_segment"),
            self.rows("q08_revenue_share_by_segment"),
        )
        customers, buyers = (sum(row[name] for row in segments) for name in ("customers", "buyers"))
        total, orders = (sum(row[name] for row in revenue) for name in ("revenue", "orders"))
        cost = [row for row in self.rows("q06_cac_by_segment") if row["cac_loaded"] is not None]
        new = sum(row["new_customers"] for row in cost)
        loaded = sum(row["cac_loaded"] * row["new_customers"] for row in cost)
        frequency = self.rows("q10_purchase_frequency_by_segment")
        yearly = sum((row["orders_per_year_mean"] or 0) * row["buyers"] for row in frequency)
        top = {row["population"]: row for row in self.rows("q07_top20_summary")}["buyers"]
        return [
            (compact(customers), "customers"),
            (percent(buyers / customers if customers else None), "of them have ordered"),
            (compact(self.rows("q04_growth_by_month")[-1]["active_12m"]), "active in 12 months"),
            (compact(total), "revenue before tax"),
            (compact(total / orders if orders else None), f"per order, {compact(orders)} orders"),
            (number(yearly / buyers if buyers else None), "orders a year per buyer"),
            (compact(loaded / new if new else None), "spent per new customer"),
            (percent(top["top_revenue_share"]), "of revenue from the top 20 %"),
        ]
