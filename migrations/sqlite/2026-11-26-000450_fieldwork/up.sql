-- What happened to rounds: planned, opened, closed, opened again and why.
CREATE TABLE round_events (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    round TEXT NOT NULL,
    from_state TEXT,
    to_state TEXT NOT NULL,
    reason TEXT,
    actor TEXT NOT NULL,
    at TEXT NOT NULL
) STRICT;
CREATE INDEX round_events_round ON round_events (round, id);

-- Responses to be collected; a size of '' is all sizes together.
CREATE TABLE targets (
    round TEXT NOT NULL,
    survey TEXT NOT NULL,
    city TEXT NOT NULL,
    size TEXT NOT NULL,
    count INTEGER NOT NULL CHECK (count >= 0),
    PRIMARY KEY (round, survey, city, size)
) STRICT;

-- A sample is a record: drawn again by its design from the same frame, it is the same.
CREATE TABLE samples (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    round TEXT NOT NULL,
    survey TEXT NOT NULL,
    design TEXT NOT NULL CHECK (json_valid(design)),
    frame_hash TEXT NOT NULL,
    strata TEXT NOT NULL CHECK (json_valid(strata)),
    drawn_at TEXT NOT NULL,
    drawn_by TEXT NOT NULL,
    withdrawn_at TEXT,
    withdrawn_by TEXT,
    reason TEXT
) STRICT;
CREATE INDEX samples_round ON samples (round, survey, id);

CREATE TABLE sample_members (
    sample_id INTEGER NOT NULL REFERENCES samples (id),
    organisation_id INTEGER NOT NULL REFERENCES organisations (id),
    stratum TEXT NOT NULL,
    position INTEGER NOT NULL, -- the place in its stratum's order of drawing, from 1
    reserve INTEGER NOT NULL,
    weight REAL, -- N/n of the stratum; null of a reserve
    PRIMARY KEY (sample_id, organisation_id)
) STRICT;
CREATE INDEX sample_members_organisation ON sample_members (organisation_id);

-- Who visits whom. A row ends where the organisation is given to somebody else, or to nobody.
CREATE TABLE assignments (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    round TEXT NOT NULL,
    survey TEXT NOT NULL,
    organisation_id INTEGER NOT NULL REFERENCES organisations (id),
    member TEXT NOT NULL,
    assigned_at TEXT NOT NULL,
    assigned_by TEXT NOT NULL,
    ended_at TEXT,
    ended_by TEXT
) STRICT;
CREATE UNIQUE INDEX assignments_present ON assignments (organisation_id) WHERE ended_at IS NULL;
CREATE INDEX assignments_member ON assignments (round, survey, member, id);

-- What came of visits. Entries are only ever added.
CREATE TABLE visits (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    round TEXT NOT NULL,
    survey TEXT NOT NULL,
    organisation_id INTEGER NOT NULL REFERENCES organisations (id),
    member TEXT NOT NULL,
    outcome TEXT NOT NULL CHECK (outcome IN ('completed', 'partly', 'refused', 'closed', 'not_found', 'appointment')),
    appointment_at TEXT,
    latitude REAL,
    longitude REAL,
    accuracy REAL,
    comment TEXT,
    at TEXT NOT NULL,
    recorded_at TEXT NOT NULL
) STRICT;
CREATE INDEX visits_organisation ON visits (organisation_id, id);
CREATE INDEX visits_round ON visits (round, survey, member);

-- How many responses there are, and how they were collected, counted by the triggers below whatever changes a response:
-- progress over a million of them reads these rows alone. Classes of length m0 to m13 end at 5, 10, 15, 20, 25, 30, 40, 50, 60, 75, 90, 120, 180
-- minutes; the last is open. A shard keeps writers that run side by side from waiting for each other's rows.
CREATE TABLE progress_counts (
    round TEXT NOT NULL,
    survey TEXT NOT NULL,
    city TEXT NOT NULL,
    size TEXT NOT NULL,
    day TEXT NOT NULL,
    sender TEXT NOT NULL,
    state TEXT NOT NULL,
    shard INTEGER NOT NULL,
    n INTEGER NOT NULL,
    returned INTEGER NOT NULL,
    asked INTEGER NOT NULL,
    missing INTEGER NOT NULL,
    dont_know INTEGER NOT NULL,
    grids INTEGER NOT NULL,
    straight_lined INTEGER NOT NULL,
    m0 INTEGER NOT NULL,
    m1 INTEGER NOT NULL,
    m2 INTEGER NOT NULL,
    m3 INTEGER NOT NULL,
    m4 INTEGER NOT NULL,
    m5 INTEGER NOT NULL,
    m6 INTEGER NOT NULL,
    m7 INTEGER NOT NULL,
    m8 INTEGER NOT NULL,
    m9 INTEGER NOT NULL,
    m10 INTEGER NOT NULL,
    m11 INTEGER NOT NULL,
    m12 INTEGER NOT NULL,
    m13 INTEGER NOT NULL,
    PRIMARY KEY (round, survey, city, size, day, sender, state, shard)
) STRICT, WITHOUT ROWID;
INSERT INTO progress_counts (round, survey, city, size, day, sender, state, shard, n, returned, asked, missing, dont_know, grids, straight_lined, m0, m1, m2, m3, m4, m5, m6, m7, m8, m9, m10, m11, m12, m13)
SELECT r.round, r.survey, coalesce(r.city, ''), coalesce(r.size, ''), coalesce(json_extract(r.quality, '$.day'), substr(r.received_at, 1, 10)), coalesce(r.sender, ''), r.state, 0, sum(1), sum(r.returned), sum(coalesce(json_extract(r.quality, '$.asked'), 0)), sum(coalesce(json_extract(r.quality, '$.unanswered'), 0) + coalesce(json_extract(r.quality, '$.dont_know'), 0) + coalesce(json_extract(r.quality, '$.refused'), 0)), sum(coalesce(json_extract(r.quality, '$.dont_know'), 0)), sum(coalesce(json_extract(r.quality, '$.grids'), 0)), sum(coalesce(json_extract(r.quality, '$.straight_lined'), 0)), sum(coalesce(json_extract(r.quality, '$.seconds') < 300, 0)), sum(coalesce(json_extract(r.quality, '$.seconds') >= 300 AND json_extract(r.quality, '$.seconds') < 600, 0)), sum(coalesce(json_extract(r.quality, '$.seconds') >= 600 AND json_extract(r.quality, '$.seconds') < 900, 0)), sum(coalesce(json_extract(r.quality, '$.seconds') >= 900 AND json_extract(r.quality, '$.seconds') < 1200, 0)), sum(coalesce(json_extract(r.quality, '$.seconds') >= 1200 AND json_extract(r.quality, '$.seconds') < 1500, 0)), sum(coalesce(json_extract(r.quality, '$.seconds') >= 1500 AND json_extract(r.quality, '$.seconds') < 1800, 0)), sum(coalesce(json_extract(r.quality, '$.seconds') >= 1800 AND json_extract(r.quality, '$.seconds') < 2400, 0)), sum(coalesce(json_extract(r.quality, '$.seconds') >= 2400 AND json_extract(r.quality, '$.seconds') < 3000, 0)), sum(coalesce(json_extract(r.quality, '$.seconds') >= 3000 AND json_extract(r.quality, '$.seconds') < 3600, 0)), sum(coalesce(json_extract(r.quality, '$.seconds') >= 3600 AND json_extract(r.quality, '$.seconds') < 4500, 0)), sum(coalesce(json_extract(r.quality, '$.seconds') >= 4500 AND json_extract(r.quality, '$.seconds') < 5400, 0)), sum(coalesce(json_extract(r.quality, '$.seconds') >= 5400 AND json_extract(r.quality, '$.seconds') < 7200, 0)), sum(coalesce(json_extract(r.quality, '$.seconds') >= 7200 AND json_extract(r.quality, '$.seconds') < 10800, 0)), sum(coalesce(json_extract(r.quality, '$.seconds') >= 10800, 0))
FROM responses AS r WHERE NOT r.test GROUP BY 1, 2, 3, 4, 5, 6, 7, 8;
CREATE TRIGGER progress_insert AFTER INSERT ON responses BEGIN
    INSERT INTO progress_counts (round, survey, city, size, day, sender, state, shard, n, returned, asked, missing, dont_know, grids, straight_lined, m0, m1, m2, m3, m4, m5, m6, m7, m8, m9, m10, m11, m12, m13)
    SELECT new.round, new.survey, coalesce(new.city, ''), coalesce(new.size, ''), coalesce(json_extract(new.quality, '$.day'), substr(new.received_at, 1, 10)), coalesce(new.sender, ''), new.state, 0, 1, new.returned, coalesce(json_extract(new.quality, '$.asked'), 0), coalesce(json_extract(new.quality, '$.unanswered'), 0) + coalesce(json_extract(new.quality, '$.dont_know'), 0) + coalesce(json_extract(new.quality, '$.refused'), 0), coalesce(json_extract(new.quality, '$.dont_know'), 0), coalesce(json_extract(new.quality, '$.grids'), 0), coalesce(json_extract(new.quality, '$.straight_lined'), 0), coalesce(json_extract(new.quality, '$.seconds') < 300, 0), coalesce(json_extract(new.quality, '$.seconds') >= 300 AND json_extract(new.quality, '$.seconds') < 600, 0), coalesce(json_extract(new.quality, '$.seconds') >= 600 AND json_extract(new.quality, '$.seconds') < 900, 0), coalesce(json_extract(new.quality, '$.seconds') >= 900 AND json_extract(new.quality, '$.seconds') < 1200, 0), coalesce(json_extract(new.quality, '$.seconds') >= 1200 AND json_extract(new.quality, '$.seconds') < 1500, 0), coalesce(json_extract(new.quality, '$.seconds') >= 1500 AND json_extract(new.quality, '$.seconds') < 1800, 0), coalesce(json_extract(new.quality, '$.seconds') >= 1800 AND json_extract(new.quality, '$.seconds') < 2400, 0), coalesce(json_extract(new.quality, '$.seconds') >= 2400 AND json_extract(new.quality, '$.seconds') < 3000, 0), coalesce(json_extract(new.quality, '$.seconds') >= 3000 AND json_extract(new.quality, '$.seconds') < 3600, 0), coalesce(json_extract(new.quality, '$.seconds') >= 3600 AND json_extract(new.quality, '$.seconds') < 4500, 0), coalesce(json_extract(new.quality, '$.seconds') >= 4500 AND json_extract(new.quality, '$.seconds') < 5400, 0), coalesce(json_extract(new.quality, '$.seconds') >= 5400 AND json_extract(new.quality, '$.seconds') < 7200, 0), coalesce(json_extract(new.quality, '$.seconds') >= 7200 AND json_extract(new.quality, '$.seconds') < 10800, 0), coalesce(json_extract(new.quality, '$.seconds') >= 10800, 0) WHERE NOT new.test
    ON CONFLICT (round, survey, city, size, day, sender, state, shard) DO UPDATE SET n = progress_counts.n + excluded.n, returned = progress_counts.returned + excluded.returned, asked = progress_counts.asked + excluded.asked, missing = progress_counts.missing + excluded.missing, dont_know = progress_counts.dont_know + excluded.dont_know, grids = progress_counts.grids + excluded.grids, straight_lined = progress_counts.straight_lined + excluded.straight_lined, m0 = progress_counts.m0 + excluded.m0, m1 = progress_counts.m1 + excluded.m1, m2 = progress_counts.m2 + excluded.m2, m3 = progress_counts.m3 + excluded.m3, m4 = progress_counts.m4 + excluded.m4, m5 = progress_counts.m5 + excluded.m5, m6 = progress_counts.m6 + excluded.m6, m7 = progress_counts.m7 + excluded.m7, m8 = progress_counts.m8 + excluded.m8, m9 = progress_counts.m9 + excluded.m9, m10 = progress_counts.m10 + excluded.m10, m11 = progress_counts.m11 + excluded.m11, m12 = progress_counts.m12 + excluded.m12, m13 = progress_counts.m13 + excluded.m13;
END;
CREATE TRIGGER progress_delete AFTER DELETE ON responses BEGIN
    INSERT INTO progress_counts (round, survey, city, size, day, sender, state, shard, n, returned, asked, missing, dont_know, grids, straight_lined, m0, m1, m2, m3, m4, m5, m6, m7, m8, m9, m10, m11, m12, m13)
    SELECT old.round, old.survey, coalesce(old.city, ''), coalesce(old.size, ''), coalesce(json_extract(old.quality, '$.day'), substr(old.received_at, 1, 10)), coalesce(old.sender, ''), old.state, 0, -(1), -(old.returned), -(coalesce(json_extract(old.quality, '$.asked'), 0)), -(coalesce(json_extract(old.quality, '$.unanswered'), 0) + coalesce(json_extract(old.quality, '$.dont_know'), 0) + coalesce(json_extract(old.quality, '$.refused'), 0)), -(coalesce(json_extract(old.quality, '$.dont_know'), 0)), -(coalesce(json_extract(old.quality, '$.grids'), 0)), -(coalesce(json_extract(old.quality, '$.straight_lined'), 0)), -(coalesce(json_extract(old.quality, '$.seconds') < 300, 0)), -(coalesce(json_extract(old.quality, '$.seconds') >= 300 AND json_extract(old.quality, '$.seconds') < 600, 0)), -(coalesce(json_extract(old.quality, '$.seconds') >= 600 AND json_extract(old.quality, '$.seconds') < 900, 0)), -(coalesce(json_extract(old.quality, '$.seconds') >= 900 AND json_extract(old.quality, '$.seconds') < 1200, 0)), -(coalesce(json_extract(old.quality, '$.seconds') >= 1200 AND json_extract(old.quality, '$.seconds') < 1500, 0)), -(coalesce(json_extract(old.quality, '$.seconds') >= 1500 AND json_extract(old.quality, '$.seconds') < 1800, 0)), -(coalesce(json_extract(old.quality, '$.seconds') >= 1800 AND json_extract(old.quality, '$.seconds') < 2400, 0)), -(coalesce(json_extract(old.quality, '$.seconds') >= 2400 AND json_extract(old.quality, '$.seconds') < 3000, 0)), -(coalesce(json_extract(old.quality, '$.seconds') >= 3000 AND json_extract(old.quality, '$.seconds') < 3600, 0)), -(coalesce(json_extract(old.quality, '$.seconds') >= 3600 AND json_extract(old.quality, '$.seconds') < 4500, 0)), -(coalesce(json_extract(old.quality, '$.seconds') >= 4500 AND json_extract(old.quality, '$.seconds') < 5400, 0)), -(coalesce(json_extract(old.quality, '$.seconds') >= 5400 AND json_extract(old.quality, '$.seconds') < 7200, 0)), -(coalesce(json_extract(old.quality, '$.seconds') >= 7200 AND json_extract(old.quality, '$.seconds') < 10800, 0)), -(coalesce(json_extract(old.quality, '$.seconds') >= 10800, 0)) WHERE NOT old.test
    ON CONFLICT (round, survey, city, size, day, sender, state, shard) DO UPDATE SET n = progress_counts.n + excluded.n, returned = progress_counts.returned + excluded.returned, asked = progress_counts.asked + excluded.asked, missing = progress_counts.missing + excluded.missing, dont_know = progress_counts.dont_know + excluded.dont_know, grids = progress_counts.grids + excluded.grids, straight_lined = progress_counts.straight_lined + excluded.straight_lined, m0 = progress_counts.m0 + excluded.m0, m1 = progress_counts.m1 + excluded.m1, m2 = progress_counts.m2 + excluded.m2, m3 = progress_counts.m3 + excluded.m3, m4 = progress_counts.m4 + excluded.m4, m5 = progress_counts.m5 + excluded.m5, m6 = progress_counts.m6 + excluded.m6, m7 = progress_counts.m7 + excluded.m7, m8 = progress_counts.m8 + excluded.m8, m9 = progress_counts.m9 + excluded.m9, m10 = progress_counts.m10 + excluded.m10, m11 = progress_counts.m11 + excluded.m11, m12 = progress_counts.m12 + excluded.m12, m13 = progress_counts.m13 + excluded.m13;
END;
CREATE TRIGGER progress_update AFTER UPDATE ON responses WHEN new.round IS NOT old.round OR new.survey IS NOT old.survey OR new.city IS NOT old.city OR new.size IS NOT old.size OR new.sender IS NOT old.sender OR new.state IS NOT old.state OR new.test IS NOT old.test OR new.returned IS NOT old.returned OR new.quality IS NOT old.quality BEGIN
    INSERT INTO progress_counts (round, survey, city, size, day, sender, state, shard, n, returned, asked, missing, dont_know, grids, straight_lined, m0, m1, m2, m3, m4, m5, m6, m7, m8, m9, m10, m11, m12, m13)
    SELECT old.round, old.survey, coalesce(old.city, ''), coalesce(old.size, ''), coalesce(json_extract(old.quality, '$.day'), substr(old.received_at, 1, 10)), coalesce(old.sender, ''), old.state, 0, -(1), -(old.returned), -(coalesce(json_extract(old.quality, '$.asked'), 0)), -(coalesce(json_extract(old.quality, '$.unanswered'), 0) + coalesce(json_extract(old.quality, '$.dont_know'), 0) + coalesce(json_extract(old.quality, '$.refused'), 0)), -(coalesce(json_extract(old.quality, '$.dont_know'), 0)), -(coalesce(json_extract(old.quality, '$.grids'), 0)), -(coalesce(json_extract(old.quality, '$.straight_lined'), 0)), -(coalesce(json_extract(old.quality, '$.seconds') < 300, 0)), -(coalesce(json_extract(old.quality, '$.seconds') >= 300 AND json_extract(old.quality, '$.seconds') < 600, 0)), -(coalesce(json_extract(old.quality, '$.seconds') >= 600 AND json_extract(old.quality, '$.seconds') < 900, 0)), -(coalesce(json_extract(old.quality, '$.seconds') >= 900 AND json_extract(old.quality, '$.seconds') < 1200, 0)), -(coalesce(json_extract(old.quality, '$.seconds') >= 1200 AND json_extract(old.quality, '$.seconds') < 1500, 0)), -(coalesce(json_extract(old.quality, '$.seconds') >= 1500 AND json_extract(old.quality, '$.seconds') < 1800, 0)), -(coalesce(json_extract(old.quality, '$.seconds') >= 1800 AND json_extract(old.quality, '$.seconds') < 2400, 0)), -(coalesce(json_extract(old.quality, '$.seconds') >= 2400 AND json_extract(old.quality, '$.seconds') < 3000, 0)), -(coalesce(json_extract(old.quality, '$.seconds') >= 3000 AND json_extract(old.quality, '$.seconds') < 3600, 0)), -(coalesce(json_extract(old.quality, '$.seconds') >= 3600 AND json_extract(old.quality, '$.seconds') < 4500, 0)), -(coalesce(json_extract(old.quality, '$.seconds') >= 4500 AND json_extract(old.quality, '$.seconds') < 5400, 0)), -(coalesce(json_extract(old.quality, '$.seconds') >= 5400 AND json_extract(old.quality, '$.seconds') < 7200, 0)), -(coalesce(json_extract(old.quality, '$.seconds') >= 7200 AND json_extract(old.quality, '$.seconds') < 10800, 0)), -(coalesce(json_extract(old.quality, '$.seconds') >= 10800, 0)) WHERE NOT old.test
    ON CONFLICT (round, survey, city, size, day, sender, state, shard) DO UPDATE SET n = progress_counts.n + excluded.n, returned = progress_counts.returned + excluded.returned, asked = progress_counts.asked + excluded.asked, missing = progress_counts.missing + excluded.missing, dont_know = progress_counts.dont_know + excluded.dont_know, grids = progress_counts.grids + excluded.grids, straight_lined = progress_counts.straight_lined + excluded.straight_lined, m0 = progress_counts.m0 + excluded.m0, m1 = progress_counts.m1 + excluded.m1, m2 = progress_counts.m2 + excluded.m2, m3 = progress_counts.m3 + excluded.m3, m4 = progress_counts.m4 + excluded.m4, m5 = progress_counts.m5 + excluded.m5, m6 = progress_counts.m6 + excluded.m6, m7 = progress_counts.m7 + excluded.m7, m8 = progress_counts.m8 + excluded.m8, m9 = progress_counts.m9 + excluded.m9, m10 = progress_counts.m10 + excluded.m10, m11 = progress_counts.m11 + excluded.m11, m12 = progress_counts.m12 + excluded.m12, m13 = progress_counts.m13 + excluded.m13;
    INSERT INTO progress_counts (round, survey, city, size, day, sender, state, shard, n, returned, asked, missing, dont_know, grids, straight_lined, m0, m1, m2, m3, m4, m5, m6, m7, m8, m9, m10, m11, m12, m13)
    SELECT new.round, new.survey, coalesce(new.city, ''), coalesce(new.size, ''), coalesce(json_extract(new.quality, '$.day'), substr(new.received_at, 1, 10)), coalesce(new.sender, ''), new.state, 0, 1, new.returned, coalesce(json_extract(new.quality, '$.asked'), 0), coalesce(json_extract(new.quality, '$.unanswered'), 0) + coalesce(json_extract(new.quality, '$.dont_know'), 0) + coalesce(json_extract(new.quality, '$.refused'), 0), coalesce(json_extract(new.quality, '$.dont_know'), 0), coalesce(json_extract(new.quality, '$.grids'), 0), coalesce(json_extract(new.quality, '$.straight_lined'), 0), coalesce(json_extract(new.quality, '$.seconds') < 300, 0), coalesce(json_extract(new.quality, '$.seconds') >= 300 AND json_extract(new.quality, '$.seconds') < 600, 0), coalesce(json_extract(new.quality, '$.seconds') >= 600 AND json_extract(new.quality, '$.seconds') < 900, 0), coalesce(json_extract(new.quality, '$.seconds') >= 900 AND json_extract(new.quality, '$.seconds') < 1200, 0), coalesce(json_extract(new.quality, '$.seconds') >= 1200 AND json_extract(new.quality, '$.seconds') < 1500, 0), coalesce(json_extract(new.quality, '$.seconds') >= 1500 AND json_extract(new.quality, '$.seconds') < 1800, 0), coalesce(json_extract(new.quality, '$.seconds') >= 1800 AND json_extract(new.quality, '$.seconds') < 2400, 0), coalesce(json_extract(new.quality, '$.seconds') >= 2400 AND json_extract(new.quality, '$.seconds') < 3000, 0), coalesce(json_extract(new.quality, '$.seconds') >= 3000 AND json_extract(new.quality, '$.seconds') < 3600, 0), coalesce(json_extract(new.quality, '$.seconds') >= 3600 AND json_extract(new.quality, '$.seconds') < 4500, 0), coalesce(json_extract(new.quality, '$.seconds') >= 4500 AND json_extract(new.quality, '$.seconds') < 5400, 0), coalesce(json_extract(new.quality, '$.seconds') >= 5400 AND json_extract(new.quality, '$.seconds') < 7200, 0), coalesce(json_extract(new.quality, '$.seconds') >= 7200 AND json_extract(new.quality, '$.seconds') < 10800, 0), coalesce(json_extract(new.quality, '$.seconds') >= 10800, 0) WHERE NOT new.test
    ON CONFLICT (round, survey, city, size, day, sender, state, shard) DO UPDATE SET n = progress_counts.n + excluded.n, returned = progress_counts.returned + excluded.returned, asked = progress_counts.asked + excluded.asked, missing = progress_counts.missing + excluded.missing, dont_know = progress_counts.dont_know + excluded.dont_know, grids = progress_counts.grids + excluded.grids, straight_lined = progress_counts.straight_lined + excluded.straight_lined, m0 = progress_counts.m0 + excluded.m0, m1 = progress_counts.m1 + excluded.m1, m2 = progress_counts.m2 + excluded.m2, m3 = progress_counts.m3 + excluded.m3, m4 = progress_counts.m4 + excluded.m4, m5 = progress_counts.m5 + excluded.m5, m6 = progress_counts.m6 + excluded.m6, m7 = progress_counts.m7 + excluded.m7, m8 = progress_counts.m8 + excluded.m8, m9 = progress_counts.m9 + excluded.m9, m10 = progress_counts.m10 + excluded.m10, m11 = progress_counts.m11 + excluded.m11, m12 = progress_counts.m12 + excluded.m12, m13 = progress_counts.m13 + excluded.m13;
END;
