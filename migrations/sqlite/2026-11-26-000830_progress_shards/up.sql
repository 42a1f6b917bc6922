-- Nothing to do: SQLite has one writer at a time, which waits for nobody. The change has its place here so that both
-- databases have the same list of changes, which is what the version of a schema means in a backup.
SELECT 1;
