-- Who held each attempt of a job, by the attempt's number: what a JobDone says is compared with it (F3). Of a local job it is
-- the scheduler, under a name that only its own message can know.
alter table jobs add column holders text[] not null default '{}';
update jobs set holders[attempt] = holder where holder is not null;
-- What an older scheduler has told of its own jobs, and is not stored yet.
update jobs set holders[attempt] = 'scheduler'
where kind = 'local' and state <> 'done' and (emitted_at is not null or emitting_until is not null);

-- What the attempt that is started was asked: its contracts with their targets, and what each company's products are to be
-- told as. Null where an older scheduler started it, and once it is done.
alter table jobs add column asked jsonb;
