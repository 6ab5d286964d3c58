-- Until when a job was put off as listeners were last told (G-04).
alter table jobs add column told_until timestamptz;

create index jobs_put_off_untold on jobs (not_before)
    where state <> 'done' and not_before is not null and told_until is distinct from not_before;
