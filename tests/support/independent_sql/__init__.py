"""An independent reference: every answer a second time, in plain DuckDB SQL over raw TPC-H.

It shares nothing with the models of the template. `queries` computes, `comparison` compares,
`floor` builds the whole star by hand, as fast as the template's own build could ever be.
"""
