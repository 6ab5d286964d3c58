-- Later final numbers that differ from the frozen ones (QTY-05), and what is billed: users or licences (QTY-04).

create table count_corrections (
    partner_id text not null,
    month date not null,
    company_id text not null,
    product_id text not null,
    -- The number that is frozen, and the one that the provider's later final report has.
    frozen_users integer not null check (frozen_users >= 0),
    users integer not null check (users >= 0),
    counted_at timestamptz not null,
    report_id text not null,
    -- gone: a still later report has the frozen number, a person corrected it otherwise, or its month is over.
    state text not null check (state in ('open', 'approved', 'dismissed', 'gone')),
    opened_at timestamptz not null,
    primary key (partner_id, month, company_id, product_id),
    foreign key (partner_id, month) references month_ends,
    foreign key (partner_id, company_id) references companies,
    foreign key (partner_id, product_id) references products
);

alter table holds drop constraint holds_brake_check;
alter table holds add constraint holds_brake_check
    check (brake in ('fall_to_zero', 'large_change', 'many_companies', 'plan_switch', 'leftover', 'drift', 'billing_cycle',
                     'later_final'));

-- What the partner bills. A count of the other basis is a missing one.
alter table partners add column count_basis text not null default 'users' check (count_basis in ('users', 'licences'));
