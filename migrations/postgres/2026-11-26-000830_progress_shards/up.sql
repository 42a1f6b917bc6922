-- A shard of the progress counters is a connection's own: whoever counts waits for nobody, and two of them never for
-- each other. The numbers up to 1023 are taken by the program's connections (store/backend.rs), a row that another
-- connection counts has a higher one.
DO $$
DECLARE
    counter text;
BEGIN
    FOREACH counter IN ARRAY ARRAY['progress_insert', 'progress_delete', 'progress_update'] LOOP
        EXECUTE replace(
            pg_get_functiondef(counter::regproc),
            'r.id % 8',
            'coalesce(nullif(current_setting(''innogauge.shard'', true), '''')::bigint, 1024 + pg_backend_pid())'
        );
    END LOOP;
END $$;
