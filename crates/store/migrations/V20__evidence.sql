-- What is said of a line goes by evidence: read, implied by a total, or only remembered.

-- The services that the newest reading looked for. Lines that it did not find are not in `lines`; a service without a
-- line that is not in this list is not known.
alter table contracts add column looked_for integer[] not null default '{}';
-- Until now lines that a reading no longer found stayed. The lines of one reading are stored within moments.
delete from lines using contracts, mapped_targets as mapped
where contracts.partner_id = lines.partner_id and contracts.contract_id = lines.contract_id
  and mapped.partner_id = lines.partner_id and mapped.contract_id = lines.contract_id
  and mapped.service_id = lines.service_id and lines.seen_at < contracts.read_at - interval '5 minutes';
-- When the total last was what it should be; null before that.
alter table contracts add column implied_at timestamptz;
-- Whether the lines added up to the total when both were last seen. If not, the total tells nothing of the lines.
alter table contracts add column total_is_sum boolean not null default false;
-- Whether the newest reading gave a code: it stands until another reading.
alter table contracts add column code_stands boolean not null default false;

-- What a row rests on, and since when. Null before the first reading.
alter table statuses add column evidence text check (evidence in ('read', 'implied_by_total', 'remembered'));
alter table statuses add column evidence_at timestamptz;
alter table statuses add constraint statuses_evidence_instant check ((evidence is null) = (evidence_at is null));

-- How a change was confirmed; null while it is not, and where it was confirmed before this column.
alter table intents add column evidence text check (evidence in ('read', 'implied_by_total'));
alter table journal add column evidence text check (evidence in ('read', 'implied_by_total'));

-- A change of a line that is gone, or of another Kaseya than the one that is synced now: it stays on record, and nothing
-- is concluded from it any more.
alter table intents add column forgotten boolean not null default false;

-- The version of the credentials from which on what is told of Kaseya counts: a job of an older one read another Kaseya.
alter table integrations add column known_since_version integer not null default 0;
