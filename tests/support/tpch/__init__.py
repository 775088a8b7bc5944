"""The 22 standard TPC-H queries, over the raw tables and over the core star schema alone."""
