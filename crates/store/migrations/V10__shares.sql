-- Whose users are in a line: what a plan switch is recognised by (B-07).

-- What each company's counts were in the number that a target's line was last seen to hold, or that Kaseya last took:
-- [{company, product, units}], with the run that saw it. Null before that.
alter table targets add column shares jsonb;
alter table targets add column shares_run_number bigint;
alter table targets add constraint targets_shares_check check ((shares is null) = (shares_run_number is null));

create index intents_of_pair on intents (partner_id, pair_id) where pair_id is not null;
create index holds_of_pair on holds (partner_id, pair_id) where pair_id is not null;
