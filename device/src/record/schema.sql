-- Version 4 of the record. Rows are only ever added; what changes later is a new row in another table.
-- The column `clock` beside a time says whether the device trusted its clock then.

-- One slide of one pseudonymous patient.
CREATE TABLE sessions (
  id INTEGER PRIMARY KEY,
  specimen TEXT NOT NULL CHECK (length(specimen) BETWEEN 1 AND 64 AND specimen NOT GLOB '*[^A-Za-z0-9._-]*'),
  operator TEXT NOT NULL,
  started_utc TEXT NOT NULL,
  clock TEXT NOT NULL CHECK (clock IN ('trusted', 'unsynchronized', 'before_program', 'stepped_back')),
  model_name TEXT NOT NULL,
  model_sha256 TEXT NOT NULL,
  config_sha256 TEXT NOT NULL,
  program_version TEXT NOT NULL,
  code_hash TEXT NOT NULL,
  device_id TEXT NOT NULL,
  -- How the model pools the fields of a slide, JSON.
  slide_pooling TEXT NOT NULL
) STRICT;

CREATE TABLE session_ends (
  id INTEGER PRIMARY KEY,
  session_id INTEGER NOT NULL REFERENCES sessions (id),
  ended_utc TEXT NOT NULL,
  clock TEXT NOT NULL CHECK (clock IN ('trusted', 'unsynchronized', 'before_program', 'stepped_back')),
  -- Time since the session's start by a clock that is never set.
  since_start_ms INTEGER NOT NULL CHECK (since_start_ms >= 0),
  reason TEXT NOT NULL,
  -- What was told of the slide then, JSON.
  slide TEXT NOT NULL,
  -- The session's newest opinion then: later ones may exclude fields.
  last_opinion INTEGER NOT NULL
) STRICT;

CREATE INDEX session_ends_of_session ON session_ends (session_id);
CREATE INDEX sessions_of_start ON sessions (started_utc);
CREATE INDEX sessions_of_specimen ON sessions (specimen COLLATE NOCASE);

-- A session that had ended and goes on. It has ended if it has more ends than reopenings.
CREATE TABLE reopenings (
  id INTEGER PRIMARY KEY,
  session_id INTEGER NOT NULL REFERENCES sessions (id),
  reopened_utc TEXT NOT NULL,
  clock TEXT NOT NULL CHECK (clock IN ('trusted', 'unsynchronized', 'before_program', 'stepped_back')),
  reopened_by TEXT NOT NULL,
  fields INTEGER NOT NULL CHECK (fields >= 0)
) STRICT;
CREATE INDEX reopenings_of_session ON reopenings (session_id);

-- Another person works at the microscope from now on.
CREATE TABLE hand_overs (
  id INTEGER PRIMARY KEY,
  session_id INTEGER NOT NULL REFERENCES sessions (id),
  handed_utc TEXT NOT NULL,
  clock TEXT NOT NULL CHECK (clock IN ('trusted', 'unsynchronized', 'before_program', 'stepped_back')),
  from_person TEXT NOT NULL,
  to_person TEXT NOT NULL
) STRICT;
CREATE INDEX hand_overs_of_session ON hand_overs (session_id);

-- The pseudonym was mistyped; the newest counts.
CREATE TABLE specimen_corrections (
  id INTEGER PRIMARY KEY,
  session_id INTEGER NOT NULL REFERENCES sessions (id),
  corrected_utc TEXT NOT NULL,
  clock TEXT NOT NULL CHECK (clock IN ('trusted', 'unsynchronized', 'before_program', 'stepped_back')),
  corrected_by TEXT NOT NULL,
  specimen TEXT NOT NULL CHECK (length(specimen) BETWEEN 1 AND 64 AND specimen NOT GLOB '*[^A-Za-z0-9._-]*')
) STRICT;
CREATE INDEX specimen_corrections_of_session ON specimen_corrections (session_id);
CREATE INDEX specimen_corrections_of_specimen ON specimen_corrections (specimen COLLATE NOCASE);

-- A session that was cut off, by a loss of power mostly, and went on.
CREATE TABLE continuations (
  id INTEGER PRIMARY KEY,
  session_id INTEGER NOT NULL REFERENCES sessions (id),
  continued_utc TEXT NOT NULL,
  clock TEXT NOT NULL CHECK (clock IN ('trusted', 'unsynchronized', 'before_program', 'stepped_back')),
  fields INTEGER NOT NULL CHECK (fields >= 0),
  decision TEXT NOT NULL CHECK (decision IN ('automatic', 'operator'))
) STRICT;
CREATE INDEX continuations_of_session ON continuations (session_id);

-- What the model said about a field. The pictures are last, so that the other columns are read without them.
CREATE TABLE fields (
  id INTEGER PRIMARY KEY,
  session_id INTEGER NOT NULL REFERENCES sessions (id),
  sequence INTEGER NOT NULL CHECK (sequence > 0),
  taken_utc TEXT NOT NULL,
  clock TEXT NOT NULL CHECK (clock IN ('trusted', 'unsynchronized', 'before_program', 'stepped_back')),
  since_start_ms INTEGER NOT NULL CHECK (since_start_ms >= 0),
  verdict_kind TEXT NOT NULL CHECK (verdict_kind IN ('class', 'malignant', 'abstain', 'rejected', 'settling')),
  class TEXT CHECK (class IN ('Benign', 'Early', 'Pre', 'Pro')),
  probability REAL,
  reason TEXT,
  p_benign REAL, p_early REAL, p_pre REAL, p_pro REAL,
  logit_benign REAL, logit_early REAL, logit_pre REAL, logit_pro REAL,
  novelty REAL,
  gate TEXT NOT NULL,
  focus REAL NOT NULL,
  background INTEGER NOT NULL,
  cells INTEGER NOT NULL,
  clipped REAL NOT NULL,
  foreign_share REAL NOT NULL,
  stained REAL NOT NULL,
  -- Cells that the network saw, their places and how they lean, JSON; null if it does not see cells.
  seen_cells TEXT,
  model_sha256 TEXT NOT NULL,
  frames INTEGER NOT NULL,
  -- 'source': the camera's or the file's own bytes; 'pixels': encoded here without loss.
  picture_format TEXT NOT NULL CHECK (picture_format IN ('jpeg', 'png')),
  picture_origin TEXT NOT NULL CHECK (picture_origin IN ('source', 'pixels')),
  -- JPEG of the cells side by side, in the order of seen_cells; null without cells.
  cell_strip BLOB,
  -- JPEG, to look at.
  thumbnail BLOB NOT NULL,
  -- What the network saw.
  picture BLOB NOT NULL,
  UNIQUE (session_id, sequence),
  CHECK ((verdict_kind = 'class') = (class IS NOT NULL))
) STRICT;

-- What a person said about a field, beside what the model said. The newest that no other row undoes counts.
CREATE TABLE opinions (
  id INTEGER PRIMARY KEY,
  session_id INTEGER NOT NULL,
  sequence INTEGER NOT NULL,
  given_utc TEXT NOT NULL,
  clock TEXT NOT NULL CHECK (clock IN ('trusted', 'unsynchronized', 'before_program', 'stepped_back')),
  given_by TEXT NOT NULL,
  -- 'withdrawal': the field has no answer; 'exclusion': it was taken by mistake and counts nowhere; 'undo': another row does not count.
  kind TEXT NOT NULL CHECK (kind IN ('correction', 'confirmation', 'withdrawal', 'exclusion', 'undo')),
  label TEXT CHECK (label IN ('Benign', 'Early', 'Pre', 'Pro', 'malignant', 'not assessable')),
  undoes INTEGER REFERENCES opinions (id),
  note TEXT NOT NULL,
  -- Name of the request that gave it, drawn by whoever asked: the same request again is the same opinion.
  request TEXT,
  FOREIGN KEY (session_id, sequence) REFERENCES fields (session_id, sequence),
  CHECK ((kind IN ('correction', 'confirmation')) = (label IS NOT NULL)),
  CHECK ((kind = 'undo') = (undoes IS NOT NULL))
) STRICT;
CREATE INDEX opinions_of_field ON opinions (session_id, sequence);
CREATE UNIQUE INDEX opinions_of_request ON opinions (request);
CREATE UNIQUE INDEX opinions_undone ON opinions (undoes);

-- What a person says that cells are, one or many at once. The newest row that names a cell counts; a null label takes labels back.
CREATE TABLE cell_labels (
  id INTEGER PRIMARY KEY,
  session_id INTEGER NOT NULL REFERENCES sessions (id),
  given_utc TEXT NOT NULL,
  clock TEXT NOT NULL CHECK (clock IN ('trusted', 'unsynchronized', 'before_program', 'stepped_back')),
  given_by TEXT NOT NULL,
  label TEXT CHECK (label IN ('blast', 'lymphocyte', 'other', 'debris', 'not a cell')),
  -- Pairs of the numbers of field and cell, JSON.
  cells TEXT NOT NULL,
  -- As of opinions.
  request TEXT
) STRICT;
CREATE INDEX cell_labels_of_session ON cell_labels (session_id);
CREATE UNIQUE INDEX cell_labels_of_request ON cell_labels (request);

CREATE TABLE sign_offs (
  id INTEGER PRIMARY KEY,
  session_id INTEGER NOT NULL REFERENCES sessions (id),
  signed_utc TEXT NOT NULL,
  clock TEXT NOT NULL CHECK (clock IN ('trusted', 'unsynchronized', 'before_program', 'stepped_back')),
  signed_by TEXT NOT NULL,
  kind TEXT NOT NULL CHECK (kind IN ('approved', 'amended')),
  fields INTEGER NOT NULL,
  last_opinion INTEGER NOT NULL,
  last_specimen_correction INTEGER NOT NULL,
  last_cell_label INTEGER NOT NULL,
  head TEXT NOT NULL
) STRICT;
CREATE INDEX sign_offs_of_session ON sign_offs (session_id);

-- The record was damaged; what verified was taken over into this file, and the damaged one was set aside.
CREATE TABLE salvages (
  id INTEGER PRIMARY KEY,
  salvaged_utc TEXT NOT NULL,
  clock TEXT NOT NULL CHECK (clock IN ('trusted', 'unsynchronized', 'before_program', 'stepped_back')),
  -- Of the damaged file.
  original_sha256 TEXT NOT NULL,
  set_aside TEXT NOT NULL,
  original_entries INTEGER NOT NULL CHECK (original_entries >= 0),
  -- Entries before this one are the damaged file's own: their hashes are what they were.
  kept_entries INTEGER NOT NULL CHECK (kept_entries >= 0),
  rows_lost INTEGER NOT NULL CHECK (rows_lost >= 0),
  reason TEXT NOT NULL
) STRICT;

-- The audit log: one entry a row of the tables above, each chained to the one before.
CREATE TABLE log (
  entry INTEGER PRIMARY KEY,
  written_utc TEXT NOT NULL,
  event TEXT NOT NULL,
  row_id INTEGER NOT NULL,
  digests BLOB NOT NULL,
  previous BLOB NOT NULL,
  hash BLOB NOT NULL
) STRICT;

CREATE TRIGGER fields_need_open_session BEFORE INSERT ON fields
WHEN EXISTS (SELECT 1 FROM sign_offs WHERE session_id = NEW.session_id)
  OR (SELECT count(*) FROM session_ends WHERE session_id = NEW.session_id) > (SELECT count(*) FROM reopenings WHERE session_id = NEW.session_id)
BEGIN SELECT RAISE(ABORT, 'the session is approved or ended'); END;

CREATE TRIGGER fields_sequence_once BEFORE INSERT ON fields
WHEN EXISTS (SELECT 1 FROM fields WHERE session_id = NEW.session_id AND sequence = NEW.sequence)
BEGIN SELECT RAISE(ABORT, 'the session has a field of this number'); END;

CREATE TRIGGER opinions_request_once BEFORE INSERT ON opinions
WHEN EXISTS (SELECT 1 FROM opinions WHERE request = NEW.request)
BEGIN SELECT RAISE(ABORT, 'the request was followed before'); END;

CREATE TRIGGER cell_labels_request_once BEFORE INSERT ON cell_labels
WHEN EXISTS (SELECT 1 FROM cell_labels WHERE request = NEW.request)
BEGIN SELECT RAISE(ABORT, 'the request was followed before'); END;

CREATE TRIGGER continuations_need_open_session BEFORE INSERT ON continuations
WHEN EXISTS (SELECT 1 FROM sign_offs WHERE session_id = NEW.session_id)
  OR (SELECT count(*) FROM session_ends WHERE session_id = NEW.session_id) > (SELECT count(*) FROM reopenings WHERE session_id = NEW.session_id)
BEGIN SELECT RAISE(ABORT, 'the session is approved or ended'); END;

CREATE TRIGGER session_ends_once BEFORE INSERT ON session_ends
WHEN (SELECT count(*) FROM session_ends WHERE session_id = NEW.session_id) > (SELECT count(*) FROM reopenings WHERE session_id = NEW.session_id)
BEGIN SELECT RAISE(ABORT, 'the session has ended'); END;

CREATE TRIGGER reopenings_need_ended_session BEFORE INSERT ON reopenings
WHEN EXISTS (SELECT 1 FROM sign_offs WHERE session_id = NEW.session_id)
  OR (SELECT count(*) FROM session_ends WHERE session_id = NEW.session_id) <= (SELECT count(*) FROM reopenings WHERE session_id = NEW.session_id)
BEGIN SELECT RAISE(ABORT, 'the session is approved, or has not ended'); END;
