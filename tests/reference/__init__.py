"""An independent reference: every answer computed a second time, from the raw TPC-H files, in plain DuckDB SQL.

It shares nothing with the models of the template. `reference` computes, `comparison` compares, `floor` builds the
whole star by hand as the fastest that the template's own build could be.
"""
