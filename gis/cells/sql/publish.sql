SELECT everycell.publish_changeset(
    :county, :id, :expected, :num_ops, :valid_from, CAST(:codes AS text[]), CAST(:kinds AS text[]), CAST(:names AS text[]),
    CAST(:shapes AS bytea[]), CAST(:retired AS text[]), CAST(:parents AS text[]), CAST(:children AS text[]),
    CAST(:outline AS bytea))
