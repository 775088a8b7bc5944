-- Rounding, half away from zero, done once and last.

-- For what is irrational or already a float (deviations, correlations, powers, means of quotients).
create or replace macro rounded(x, places) as
    case when not isnan(x::double) then round(x::double, places)::decimal(38, 6) end;

-- A decimal of at most 12 places as a whole number of 1 / 10^12, and back.
create or replace macro units(x) as (x::decimal(38, 12) * 1000000000000)::hugeint;
create or replace macro of_units(n) as (n::decimal(38, 0) * 0.000000000001::decimal(12, 12))::decimal(38, 12);

-- a / b, exact: whole numbers only, so that a half (1 / 32 to 4 places) is never lost to a binary fraction.
-- a and b have at most 12 places, b is 0 or more; null when b is 0.
create or replace macro ratio(a, b, places) as
    case
        when b > 0 then of_units(
            sign(a)::hugeint
            * ((2 * abs(units(a)) * (10 ^ places)::hugeint + units(b)) // (2 * units(b)))
            * (10 ^ (12 - places))::hugeint
        )
    end;

-- What a share is made of: a part of zero or less counts 0.
create or replace macro positive(x) as greatest(x, 0);

-- The name of a segment, nation, region or category; null and blank are `unknown`.
create or replace macro named(x) as case when trim(x) <> '' then x else 'unknown' end;

create or replace macro month_of(day) as date_trunc('month', day)::date;
create or replace macro quarter_of(day) as date_trunc('quarter', day)::date;
