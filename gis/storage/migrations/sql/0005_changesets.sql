-- Change sets: what was done to the grid, by whom, from which day on; every version of a cell; which cell came of which.
--
-- The grid of a county has a revision: the number of the last change set that was published in it. Published change sets
-- are numbered without a gap, under a lock of the county, so that replaying them in this order gives the live grid.

CREATE TABLE everycell.changeset (
    county integer NOT NULL,
    id uuid NOT NULL DEFAULT gen_random_uuid(),
    area text COLLATE "C" NOT NULL,
    title text NOT NULL,
    status text NOT NULL DEFAULT 'draft',
    base bigint NOT NULL,
    revision bigint,
    created_at timestamptz NOT NULL,
    created_by text COLLATE "C" NOT NULL,
    changed_at timestamptz NOT NULL,
    published_at timestamptz,
    valid_from date,
    undoes uuid,
    xact bigint,
    CONSTRAINT pk_changeset PRIMARY KEY (county, id),
    CONSTRAINT uq_changeset_revision UNIQUE (county, revision),
    CONSTRAINT fk_changeset_undoes FOREIGN KEY (county, undoes) REFERENCES everycell.changeset (county, id),
    CONSTRAINT ck_changeset_area CHECK (
        area ~ '^([0-9]{6}|[0-9]{9}|[0-9]{12})$' AND "left"(area, 6) = lpad(county::text, 6, '0')),
    CONSTRAINT ck_changeset_title_length CHECK (length(title) BETWEEN 1 AND 100),
    CONSTRAINT ck_changeset_status CHECK (status IN ('draft', 'scheduled', 'published', 'abandoned')),
    CONSTRAINT ck_changeset_created_by CHECK (created_by ~ '^[A-Za-z0-9][A-Za-z0-9._@:-]{0,79}$'),
    CONSTRAINT ck_changeset_published CHECK (
        CASE status WHEN 'published' THEN revision > 0 AND num_nulls(published_at, valid_from, xact) = 0
                    WHEN 'scheduled' THEN revision IS NULL AND valid_from IS NOT NULL
                    ELSE revision IS NULL AND num_nonnulls(published_at, valid_from) = 0 END)
);

CREATE TABLE everycell.changeset_op (
    county integer NOT NULL,
    changeset uuid NOT NULL,
    seq integer NOT NULL,
    area text COLLATE "C" NOT NULL,
    op jsonb NOT NULL,
    CONSTRAINT pk_changeset_op PRIMARY KEY (county, changeset, seq),
    CONSTRAINT fk_changeset_op_changeset FOREIGN KEY (county, changeset) REFERENCES everycell.changeset (county, id),
    CONSTRAINT ck_changeset_op_seq CHECK (seq > 0)
);

-- A version was live from the grid's revision `begun` until before `ended`, and counts from `valid_from` until before
-- `valid_to`; open where it is live. Several revisions of one day leave versions that count on no day.
CREATE TABLE everycell.cell_history (
    county integer NOT NULL,
    code text COLLATE "C" NOT NULL,
    version integer NOT NULL,
    valid_from date NOT NULL,
    valid_to date,
    village text COLLATE "C" NOT NULL,
    kind text NOT NULL,
    name text NOT NULL,
    geom geometry(Polygon, 4490) NOT NULL,
    changeset uuid NOT NULL,
    begun bigint NOT NULL,
    ended bigint,
    CONSTRAINT pk_cell_history PRIMARY KEY (county, code, version),
    CONSTRAINT fk_cell_history_cell FOREIGN KEY (county, code) REFERENCES everycell.cell (county, code),
    CONSTRAINT fk_cell_history_changeset FOREIGN KEY (county, changeset) REFERENCES everycell.changeset (county, id),
    CONSTRAINT ck_cell_history_kind CHECK (kind IN ('general', 'dedicated')),
    CONSTRAINT ck_cell_history_valid_to CHECK (valid_to >= valid_from),
    CONSTRAINT ck_cell_history_ended CHECK (ended >= begun AND (ended IS NULL) = (valid_to IS NULL))
);
CREATE INDEX ix_cell_history_begun ON everycell.cell_history (county, begun);
CREATE INDEX ix_cell_history_ended ON everycell.cell_history (county, ended);
CREATE INDEX ix_cell_history_geom ON everycell.cell_history USING gist (geom);

-- `area` is the smallest division in which both lie: whoever sees it may see both.
CREATE TABLE everycell.cell_lineage (
    county integer NOT NULL,
    parent text COLLATE "C" NOT NULL,
    child text COLLATE "C" NOT NULL,
    changeset uuid NOT NULL,
    valid_from date NOT NULL,
    area text COLLATE "C" NOT NULL GENERATED ALWAYS AS (
        CASE WHEN "left"(parent, 12) = "left"(child, 12) THEN "left"(parent, 12)
             WHEN "left"(parent, 9) = "left"(child, 9) THEN "left"(parent, 9) ELSE "left"(parent, 6) END) STORED,
    CONSTRAINT pk_cell_lineage PRIMARY KEY (county, parent, child, changeset),
    CONSTRAINT fk_cell_lineage_parent FOREIGN KEY (county, parent) REFERENCES everycell.cell (county, code),
    CONSTRAINT fk_cell_lineage_child FOREIGN KEY (county, child) REFERENCES everycell.cell (county, code),
    CONSTRAINT fk_cell_lineage_changeset FOREIGN KEY (county, changeset) REFERENCES everycell.changeset (county, id),
    CONSTRAINT ck_cell_lineage_other CHECK (parent <> child)
);
CREATE INDEX ix_cell_lineage_child ON everycell.cell_lineage (county, child);

-- The result of a closed round is of the grid that it was counted on: it knows the version of each cell.
ALTER TABLE everycell.round_result ADD COLUMN version integer;
UPDATE everycell.round_result r SET version = c.version FROM everycell.cell c WHERE c.county = r.county AND c.code = r.cell;
ALTER TABLE everycell.round_result ALTER COLUMN version SET NOT NULL;

-- What is there begins the history: one change set a county.
INSERT INTO everycell.changeset
    (county, area, title, status, base, revision, created_at, created_by, changed_at, published_at, valid_from, xact)
SELECT county, lpad(county::text, 6, '0'), '现有网格', 'published', 0, 1, now(), 'migration', now(), now(),
       min(valid_from), pg_current_xact_id()::text::bigint
FROM everycell.cell GROUP BY county;
INSERT INTO everycell.cell_history
    (county, code, version, valid_from, valid_to, village, kind, name, geom, changeset, begun, ended)
SELECT c.county, c.code, c.version, c.valid_from,
       CASE WHEN c.retired_on IS NOT NULL THEN greatest(c.retired_on, c.valid_from) END, c.village, c.kind, c.name, c.geom,
       s.id, 1, CASE WHEN c.retired_on IS NOT NULL THEN 1 END
FROM everycell.cell c JOIN everycell.changeset s ON s.county = c.county;

ALTER TABLE everycell.round_result ADD CONSTRAINT fk_round_result_version
    FOREIGN KEY (county, cell, version) REFERENCES everycell.cell_history (county, code, version);
