"""A corpus as shards: what was heard of every track, in Parquet files of a few hours each, and an index of them."""
