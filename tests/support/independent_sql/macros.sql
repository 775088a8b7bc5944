-- Rounding, half away from zero, done once and last.

-- For what is irrational or already a float (deviations, correlations, powers, means of quotients).
create or replace macro rounded(x, places) as
    case when not isnan(x::double) then round(x::double, places)::decimal(38, 6) end;

-- a / b for a >= 0, b >= 0, exact: whole numbers only, so that a half (1 / 32 to 4 places) is never lost to
-- a binary fraction. a and b have at most 4 places; null when b is 0.
create or replace macro ratio(a, b, places) as
    case
        when b > 0 then (
            (2 * (a * 10000)::hugeint * (10 ^ places)::hugeint + (b * 10000)::hugeint)
            // (2 * (b * 10000)::hugeint)
            / 10 ^ places
        )::decimal(38, 6)
    end;

create or replace macro month_of(day) as date_trunc('month', day)::date;
create or replace macro quarter_of(day) as date_trunc('quarter', day)::date;
