-- Nothing to do: SQLite keeps documents as they were written. The change has its place here so that both databases have the
-- same list of changes, which is what the version of a schema means in a backup.
SELECT 1;
