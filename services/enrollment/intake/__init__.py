"""Partners' files to rows: cutting an upload into parts, and a part into rows. Judging rows is the domain's."""
