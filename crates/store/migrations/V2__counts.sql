-- User counts, and the frozen counts of month ends.

create table reports (
    partner_id text not null references partners,
    report_id text not null check (report_id <> ''),
    day date not null,
    counted_at timestamptz not null,
    final boolean not null,
    parts integer not null check (parts > 0),
    -- Set when all parts have come in; before that no count of it is used.
    complete_at timestamptz,
    primary key (partner_id, report_id)
);
create index reports_by_day on reports (partner_id, day, counted_at) where complete_at is not null;

create table report_parts (
    partner_id text not null,
    report_id text not null,
    part integer not null check (part > 0),
    received_at timestamptz not null,
    primary key (partner_id, report_id, part),
    foreign key (partner_id, report_id) references reports
);

-- The companies that a report covers: complete for each, a product without a row here counts 0.
create table report_companies (
    partner_id text not null,
    report_id text not null,
    company_id text not null,
    primary key (partner_id, report_id, company_id),
    foreign key (partner_id, report_id) references reports,
    foreign key (partner_id, company_id) references companies
);

create table user_counts (
    partner_id text not null,
    report_id text not null,
    company_id text not null,
    product_id text not null,
    -- Null: could not be taken. Missing is never 0.
    users integer check (users >= 0),
    basis text check (basis in ('users', 'licences')),
    primary key (partner_id, report_id, company_id, product_id),
    foreign key (partner_id, report_id, company_id) references report_companies,
    foreign key (partner_id, product_id) references products,
    check ((users is null) = (basis is null))
);

create table month_ends (
    partner_id text not null references partners,
    -- The first day of the month that ended.
    month date not null check (extract(day from month) = 1),
    frozen_at timestamptz not null,
    -- Whether the provider had marked the last day's report final, or the cut-off came first.
    final boolean not null,
    -- Reports of the last day that were complete by then are in the frozen counts, where those had no number.
    looked_at timestamptz not null,
    run_id uuid,
    primary key (partner_id, month)
);

-- The count of the month's last day. Written once; a correction is a second row with its reason.
create table frozen_counts (
    partner_id text not null,
    month date not null,
    company_id text not null,
    product_id text not null,
    correction smallint not null default 0 check (correction >= 0),
    users integer check (users >= 0),
    day date not null,
    counted_at timestamptz not null,
    report_id text,
    reason text,
    recorded_at timestamptz not null,
    primary key (partner_id, month, company_id, product_id, correction),
    foreign key (partner_id, month) references month_ends,
    foreign key (partner_id, company_id) references companies,
    foreign key (partner_id, product_id) references products,
    check (correction = 0 or (reason is not null and reason <> ''))
);

create function refuse_change() returns trigger language plpgsql as $$
begin
    raise exception '% rows never change: a correction is a row of its own', tg_table_name
        using errcode = 'restrict_violation';
end
$$;
create trigger frozen_counts_stand before update or delete on frozen_counts
    for each row execute function refuse_change();
create trigger frozen_counts_stay before truncate on frozen_counts
    for each statement execute function refuse_change();
