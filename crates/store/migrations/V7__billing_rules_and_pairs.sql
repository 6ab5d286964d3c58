-- Billing rules, plan switches as pairs, and the run's brake before the first write.

-- How many units a company's users of a product are billed as (B-05). Without a row: as many as are counted.
create table billing_rules (
    partner_id text not null,
    company_id text not null,
    product_id text not null,
    -- Trial, own use: the count is part of no number.
    not_billed boolean not null,
    minimum integer not null check (minimum >= 0),
    included_free integer not null check (included_free >= 0),
    -- Why, for people.
    note text check (note <> ''),
    primary key (partner_id, company_id, product_id),
    foreign key (partner_id, company_id) references companies,
    foreign key (partner_id, product_id) references products,
    check (not not_billed or (note is not null and minimum = 0 and included_free = 0))
);

-- Which counts go to which target: what a company's product is mapped to and billed as.
create view mapped_targets as
    select partner_id, company_id, product_id, company_mappings.version,
           coalesce(own.contract_id, company_mappings.contract_id) as contract_id, product_mappings.service_id
    from company_mappings
         join product_mappings using (partner_id)
         left join company_product_contracts own using (partner_id, company_id, product_id)
         left join billing_rules using (partner_id, company_id, product_id)
    where not coalesce(not_billed, false);

-- Two changes that are the halves of a plan switch (B-07) have the same: held they are one approval, made they are a pair in
-- the journal.
alter table holds add column pair_id uuid;
alter table intents add column pair_id uuid;
alter table journal add column pair_id uuid;

alter table holds drop constraint holds_brake_check;
alter table holds add constraint holds_brake_check
    check (brake in ('fall_to_zero', 'large_change', 'many_companies', 'plan_switch'));

-- The companies that a run would change by what the lines last showed, as of the start of its newest job: its brake counts
-- them before any is written.
alter table runs add column expected_company_ids text[] not null default '{}';
