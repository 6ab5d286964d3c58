-- What the provider counts, months as they are frozen, and what it charges.

create table reports (
    partner_id text not null references partners,
    report_id text not null check (report_id <> ''),
    day date not null,
    counted_at timestamptz not null,
    final boolean not null,
    parts integer not null check (parts > 0),
    -- Set when all parts have come in; before that no count of it is used.
    complete_at timestamptz,
    -- From a settings file: never beats the provider's final report of its day.
    from_file boolean not null default false,
    -- When listeners were told that the report is still incomplete.
    told_incomplete_at timestamptz,
    primary key (partner_id, report_id)
);
create index reports_by_day on reports (partner_id, day, counted_at) where complete_at is not null;
create index reports_incomplete on reports (partner_id) where complete_at is null;

create table report_parts (
    partner_id text not null,
    report_id text not null,
    part integer not null check (part > 0),
    received_at timestamptz not null,
    -- SHA-256 of the part's content in its canonical form.
    content bytea,
    sent_way text check (sent_way in ('token', 'message', 'file')),
    sent_by text,
    sent_app text,
    primary key (partner_id, report_id, part),
    foreign key (partner_id, report_id) references reports,
    check (case sent_way
               when 'token' then sent_by is not null and sent_app is null
               when 'message' then true
               else sent_by is null and sent_app is null
           end)
);

-- The companies that a report covers: complete for each, a product without a row here counts 0.
create table report_companies (
    partner_id text not null,
    report_id text not null,
    company_id text not null,
    primary key (partner_id, report_id, company_id),
    foreign key (partner_id, company_id) references companies,
    foreign key (partner_id, report_id) references reports
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
    foreign key (partner_id, product_id) references products,
    foreign key (partner_id, report_id, company_id) references report_companies,
    check ((users is null) = (basis is null))
);

-- The newest complete report of each company, with its users summed up: reports grow with every day, and a page with
-- thousands of companies cannot look through them. Kept by whoever completes a report.
create table newest_reports (
    partner_id text not null,
    company_id text not null,
    report_id text not null,
    day date not null,
    counted_at timestamptz not null,
    -- Of all products whose count could be taken.
    users integer not null check (users >= 0),
    -- Products whose count could not be taken.
    missing integer not null check (missing >= 0),
    primary key (partner_id, company_id),
    foreign key (partner_id, report_id, company_id) references report_companies
);

-- Parts that the API passed on by message and that have not come in yet. A message cannot say which token sent it: whoever
-- may publish counts could invent one.
create table reports_handed_in (
    partner_id text not null references partners,
    report_id text not null,
    part integer not null check (part > 0),
    -- SHA-256 of the report's head and the part's content in its canonical form.
    content bytea not null,
    token_name text not null,
    handed_at timestamptz not null,
    primary key (partner_id, report_id, part, content)
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
    -- When the month was last pushed, or looked at to see whether any company still needs a push.
    push_checked_at timestamptz,
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
    foreign key (partner_id, company_id) references companies,
    foreign key (partner_id, month) references month_ends,
    foreign key (partner_id, product_id) references products,
    check (correction = 0 or (reason is not null and reason <> ''))
);

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
    foreign key (partner_id, company_id) references companies,
    foreign key (partner_id, month) references month_ends,
    foreign key (partner_id, product_id) references products
);

-- What the provider charges the partner for a month, as it told it last (S-28). It is shown beside the frozen count and
-- decides about no unit. A month that was told of has a row here; what is not listed in it is charged nothing.
create table charged_months (
    partner_id text not null references partners,
    month date not null check (extract(day from month) = 1),
    told_at timestamptz not null,
    -- The token's name.
    told_by text,
    primary key (partner_id, month)
);

create table charges (
    partner_id text not null,
    month date not null,
    company_id text not null,
    product_id text not null,
    users integer not null check (users >= 0),
    primary key (partner_id, month, company_id, product_id),
    foreign key (partner_id, company_id) references companies,
    foreign key (partner_id, month) references charged_months on delete cascade,
    foreign key (partner_id, product_id) references products
);
