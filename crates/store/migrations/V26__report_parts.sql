-- What a part said, so that other content under a used part or report id is seen; and reports that stay incomplete.

-- SHA-256 of the part's content in its canonical form; null for parts of programs before this.
alter table report_parts add column content bytea;
-- When listeners were told that the report is still incomplete.
alter table reports add column told_incomplete_at timestamptz;
create index reports_incomplete on reports (partner_id) where complete_at is null;
